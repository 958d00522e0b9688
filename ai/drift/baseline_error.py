"""How far the baseline misses quiet weeks that it has not looked at: WMAPE, the weeks since a training beside those before.

Both are measured in one way, so that their ratio means something: runs of BLOCK_WEEKS are hidden with everything behind them, and
the baseline knows the weeks before only. (The training's own error is measured with both sides visible and is therefore lower.)
The coefficients learned from the weeks before the training's end, which is left aside: each stands on hundreds of store-weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.holdout import BLOCK_WEEKS
from ai.features.design import Design, design_of
from ai.models.baseline import baseline_of
from ai.models.loglinear import BlockModel, LogLinearModel

YEAR = 52  # weeks before the training's end that the weeks since are held against
FEWEST_BEFORE = 12  # weeks of sales before a run: the level is read off them


@dataclass(frozen=True)
class Missed:
    """Units missed and units sold over `cells` quiet store-weeks."""

    missed: float = 0.0
    sold: float = 0.0
    cells: int = 0

    @property
    def wmape(self) -> float | None:
        """None where nothing was sold."""
        return self.missed / self.sold if self.sold > 0 else None

    def with_(self, other: Missed) -> Missed:
        """Both together."""
        return Missed(self.missed + other.missed, self.sold + other.sold, self.cells + other.cells)


def before_and_since(panel: Panel, model: LogLinearModel, last_seen: int, most: int) -> tuple[Missed, Missed]:
    """Errors of the YEAR up to the week column `last_seen`, and of at most `most` weeks behind it (the newest ones)."""
    first_before = max(last_seen + 1 - YEAR, FEWEST_BEFORE)
    first_since = max(last_seen + 1, panel.weeks - most, FEWEST_BEFORE)
    before, since = Missed(), Missed()
    for block in model.blocks.values():
        if block.refusal:
            continue
        design = design_of(panel, block.block, block.usual_price, model.origin)
        for run in runs_of(first_before, last_seen + 1):
            before = before.with_(_missed(panel, block, design, run))
        for run in runs_of(first_since, panel.weeks):
            since = since.with_(_missed(panel, block, design, run))
    return before, since


def runs_of(first: int, end: int) -> list[np.ndarray]:
    """Week columns from `first` up to `end` (not included) in runs of BLOCK_WEEKS, the last one shorter."""
    return [np.arange(start, min(start + BLOCK_WEEKS, end)) for start in range(first, end, BLOCK_WEEKS)]


def _missed(panel: Panel, block: BlockModel, design: Design, run: np.ndarray) -> Missed:
    """One product at one retailer in one run."""
    series = block.block.series
    quiet = (panel.quiet[series] & block.modelled[:, None])[:, run]
    rows = np.flatnonzero(quiet.any(axis=1))
    if not len(rows):
        return Missed()
    hidden = np.broadcast_to(np.arange(panel.weeks) >= run[0], (len(series), panel.weeks))
    expected = baseline_of(panel, block, design, design.without_promotion(rows, run), rows, run, hidden).expected
    counted = quiet[rows]
    actual = panel.units[np.ix_(series[rows], run)]
    missed = np.abs(np.where(counted, actual - expected, 0.0)).sum()
    return Missed(float(missed), float(np.where(counted, actual, 0.0).sum()), int(counted.sum()))
