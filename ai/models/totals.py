"""Adds baselines over stores, weeks and products, with bands that keep the shared shock from averaging out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.models.baseline import Baseline
from ai.models.loglinear import PROBABILITIES, Calibration

_NO_UNITS = 1e-6
_MOST_RELATIVE_VARIANCE = 1e4  # a band of a factor of 50 either way says all there is to say


@dataclass(frozen=True)
class Total:
    """Expected units of a sum, and its variance split by what the stores share and what they do not."""

    expected: float
    shared_variance: float
    own_variance: float
    weeks: int = 1

    def __add__(self, other: Total) -> Total:
        """The sum of independent totals (different products)."""
        return Total(
            self.expected + other.expected,
            self.shared_variance + other.shared_variance,
            self.own_variance + other.own_variance,
            max(self.weeks, other.weeks),
        )

    @property
    def log_sd(self) -> float:
        """Standard deviation of the log of the sum, as if lognormal (Fenton 1960)."""
        if self.expected <= _NO_UNITS:
            return 0.0
        relative = min((self.shared_variance + self.own_variance) / self.expected**2, _MOST_RELATIVE_VARIANCE)
        return float(np.sqrt(np.log1p(relative)))


NOTHING = Total(0.0, 0.0, 0.0, 0)


def total_of(baseline: Baseline, counted: np.ndarray) -> Total:
    """The sum over the rows and weeks that are `counted` (rows, weeks; bool)."""
    units = np.where(counted, baseline.expected, 0.0)
    by_week = units.sum(axis=0)
    shared = float(by_week @ np.expm1(baseline.shared_cov) @ by_week)
    own = float(np.einsum("rt,rtu,ru->", units, np.expm1(baseline.own_cov), units))
    weeks = int(counted.any(axis=0).sum())
    return Total(float(by_week.sum()), max(shared, 0.0), max(own, 0.0), weeks)


def quantiles(total: Total, calibration: Calibration) -> np.ndarray:
    """Units at PROBABILITIES, ascending and never negative.

    Standardised errors of single series and of chain totals (of one week, of several) have different tails; the
    mixture follows the share of the variance that is shared.
    """
    if total.expected <= _NO_UNITS:
        return np.zeros(len(PROBABILITIES))
    variance = total.shared_variance + total.own_variance
    share = total.shared_variance / variance if variance > 0 else 0.0
    together = calibration.several if total.weeks > 1 else calibration.shared
    z = share * together + (1 - share) * calibration.single
    return total.expected * np.exp(z * total.log_sd)
