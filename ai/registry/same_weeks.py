"""Two forecasts on the same weeks, which neither has learned from: the one that serves, and the back-test of a new one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.scores import score
from ai.features.forecast_rows import ForecastRows
from ai.models.forecast import BackTest, Forecaster
from ai.registry.forecast_files import BoundForecast, UnreadableForecast, bind_forecast, forecast_market
from ai.registry.storage import StoredModel

FEWEST_WEEKS, FEWEST_CELLS = 4, 200  # fewer say nothing about which model is better


@dataclass(frozen=True)
class SameWeeks:
    """WMAPE of the median over the same cells (series, origin, target week); weeks: how many target weeks."""

    new: float
    serving: float
    weeks: int
    cells: int


def same_weeks(panel: Panel, back_test: BackTest | None, serving: StoredModel | None) -> SameWeeks | None:
    """The cells of the new model's back-test that came after the serving model's training; None where they are too few.

    panel: the sales of now, which both are asked about; rows know nothing beyond their origin.
    """
    if back_test is None or serving is None or "forecast" not in serving.facts:
        return None
    try:
        bound = bind_forecast(serving.facts["forecast"], serving.arrays, panel)
    except UnreadableForecast:
        return None
    unseen = (back_test.target > bound.model.members.last) & bound.seen[back_test.series]
    weeks = len(np.unique(back_test.target[unseen]))
    if weeks < FEWEST_WEEKS or unseen.sum() < FEWEST_CELLS:
        return None
    said = _said(panel, bound, back_test, unseen)
    known = np.isfinite(said) & unseen
    if known.sum() < FEWEST_CELLS:
        return None
    new = score(back_test.units[known], back_test.median[known]).wmape
    return SameWeeks(new, score(back_test.units[known], said[known]).wmape, weeks, int(known.sum()))


def _said(panel: Panel, bound: BoundForecast, asked: BackTest, chosen: np.ndarray) -> np.ndarray:
    """(rows,) the serving model's median of the chosen rows, NaN elsewhere."""
    forecaster = Forecaster(bound.model, ForecastRows(forecast_market(panel, bound)))
    said = np.full(len(asked.units), np.nan)
    for origin, target in np.unique(np.stack([asked.origin[chosen], asked.target[chosen]]), axis=1).T:
        rows = np.flatnonzero(chosen & (asked.origin == origin) & (asked.target == target))
        said[rows] = forecaster.forecast(int(origin), (int(target),), asked.series[rows]).median[:, 0]
    return said
