"""Simple baselines on the same hidden quiet weeks, so that the model's error has something to stand beside."""

from __future__ import annotations

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.holdout import hidden_runs
from ai.features.design import blocks_of

_NEAREST = 4


def peer_errors(panel: Panel) -> dict[str, dict[str, float | None]]:
    """WMAPE per series and per chain total of two peers.

    mean_of_4_before: mean of the last four quiet weeks before the hidden block;
    mean_of_4_each_side: mean of the four quiet weeks before and the four after.
    """
    before = np.full(panel.units.shape, np.nan)
    around = np.full(panel.units.shape, np.nan)
    quiet = panel.quiet
    for _, weeks in hidden_runs(panel.weeks):
        earlier, later = quiet[:, : weeks[0]], quiet[:, weeks[-1] + 1 :]
        for row in range(len(quiet)):
            left = np.flatnonzero(earlier[row])[-_NEAREST:]
            right = np.flatnonzero(later[row])[:_NEAREST] + weeks[-1] + 1
            if len(left):
                before[row, weeks] = panel.units[row, left].mean()
            if len(left) + len(right):
                around[row, weeks] = panel.units[row, np.concatenate([left, right])].mean()
    return {"mean_of_4_before": _errors(panel, before), "mean_of_4_each_side": _errors(panel, around)}


def _errors(panel: Panel, predicted: np.ndarray) -> dict[str, float | None]:
    usable = panel.quiet & np.isfinite(predicted)
    if not usable.any():
        return {"wmape_single": None, "wmape_chain": None, "bias": None}
    actual, expected = np.where(usable, panel.units, 0.0), np.where(usable, predicted, 0.0)
    total = max(float(actual.sum()), 1e-9)
    apart = sum(
        float(np.abs(actual[block.series].sum(axis=0) - expected[block.series].sum(axis=0)).sum()) for block in blocks_of(panel)
    )
    return {
        "wmape_single": round(float(np.abs(actual - expected).sum()) / total, 4),
        "wmape_chain": round(apart / total, 4),
        "bias": round(float((expected - actual).sum()) / total, 4),
    }
