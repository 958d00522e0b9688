"""Errors of predictions, as shares (0.31 is 31 %): what each rewards differs, so none is shown alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FEWEST_UNITS = 0.5  # a week of no units has no percentage error; half a unit stands in


@dataclass(frozen=True)
class Score:
    """mape punishes too high more than too low; wmape weighs units; bias is positive when too much was forecast."""

    cells: int
    mape: float
    wmape: float
    bias: float


def score(actual: np.ndarray, predicted: np.ndarray) -> Score:
    """Errors over all cells where both are known. Raises ValueError when there is none."""
    both = np.isfinite(actual) & np.isfinite(predicted)
    if not both.any():
        raise ValueError("no cell has both an actual and a predicted value")
    sold, said = actual[both], predicted[both]
    total = max(float(np.abs(sold).sum()), _FEWEST_UNITS)
    return Score(
        cells=int(both.sum()),
        mape=float(np.mean(np.abs(sold - said) / np.maximum(np.abs(sold), _FEWEST_UNITS))),
        wmape=float(np.abs(sold - said).sum()) / total,
        bias=float((said - sold).sum()) / total,
    )


def coverage(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Share of the known values that lie inside the band, ends included."""
    known = np.isfinite(actual) & np.isfinite(low) & np.isfinite(high)
    return float(((actual >= low) & (actual <= high))[known].mean()) if known.any() else float("nan")


def pinball(actual: np.ndarray, quantiles: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean quantile loss over all probabilities, as a share of the mean actual units.

    actual (cells,), quantiles (cells, probabilities). Koenker and Bassett 1978.
    """
    miss = actual[:, None] - quantiles
    loss = np.where(miss >= 0, probabilities * miss, (probabilities - 1) * miss)
    return float(loss.mean() / max(float(np.mean(np.abs(actual))), 1e-9))
