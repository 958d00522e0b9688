"""Forecasts of weeks that have happened, made as if they had not: from origins 1, 2, 4 and 8 weeks before each.

The model that speaks must not have seen the weeks: `hidden_weeks` fits one that ends before them, `unseen_weeks` asks the one
that serves about weeks that came after its training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.orange_juice import known_at
from ai.evaluation.scores import Score, coverage, score
from ai.features.columns import Block
from ai.features.design import blocks_of
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models.forecast import FEWEST_WEEKS, Forecaster, ForecastModel, TooShort, fit_forecast

HIDDEN_WEEKS = 12
LEADS = (1, 2, 4, 8)
OBJECTIVES = ("mean", "median", "mape")


@dataclass(frozen=True)
class Said:
    """What was said and what came, (leads, series, weeks) each; quantiles with seven more at the end; NaN where nothing was said.

    weeks: week numbers. actual: (series, weeks).
    """

    series: list[tuple[str, str]]
    weeks: np.ndarray
    actual: np.ndarray
    mean: np.ndarray
    mape: np.ndarray
    quantiles: np.ndarray
    leads: tuple[int, ...] = LEADS

    @property
    def median(self) -> np.ndarray:
        return self.quantiles[..., self.quantiles.shape[-1] // 2]

    def points(self, objective: str) -> np.ndarray:
        """(leads, series, weeks) units of the objective."""
        return {"mean": self.mean, "median": self.median, "mape": self.mape}[objective]


def hidden_weeks(
    panel: Panel, weeks: int = HIDDEN_WEEKS, threads: int = 1, progress: Callable[[float], None] = lambda _share: None
) -> Said:
    """The newest `weeks` forecast by a model fitted on the sales before them. Raises TooShort."""
    last = panel.weeks - 1
    end = last - weeks
    if end + 1 < FEWEST_WEEKS:
        raise TooShort(f"hiding {weeks} weeks needs {FEWEST_WEEKS + weeks} weeks of sales, there are {panel.weeks}")
    known = known_at(panel, end, end)
    model = fit_forecast(known, threads=threads, progress=lambda share: progress(0.8 * share))
    blocks = blocks_of(known)
    targets = np.arange(end + 1, last + 1)
    return said_of(panel, model, blocks, targets, lambda share: progress(0.8 + 0.2 * share))


def said_of(
    panel: Panel,
    model: ForecastModel,
    blocks: list[Block],
    targets: np.ndarray,
    progress: Callable[[float], None] = lambda _share: None,
    leads: tuple[int, ...] = LEADS,
) -> Said:
    """The week columns `targets`, each from the origins `leads` weeks before it. Rows know nothing beyond their origin."""
    whole = known_at(panel, panel.weeks - 1, panel.weeks - 1)
    forecaster = Forecaster(model, ForecastRows(market_of(whole, blocks)))
    series = np.arange(len(panel.series))
    shape = (len(leads), len(series), len(targets))
    mean, mape, quantiles = np.full(shape, np.nan), np.full(shape, np.nan), np.full((*shape, 7), np.nan)
    for number, lead in enumerate(leads):
        for place, target in enumerate(targets):
            if target - lead < 0:
                continue
            found = forecaster.forecast(int(target - lead), (int(target),), series)
            mean[number, :, place], mape[number, :, place] = found.mean[:, 0], found.mape[:, 0]
            quantiles[number, :, place] = found.quantiles[:, 0]
        progress((number + 1) / len(leads))
    return Said(list(panel.series), panel.first_week + targets, panel.units[:, targets], mean, mape, quantiles, leads)


@dataclass(frozen=True)
class Errors:
    """Of one lead, or of all together: errors by objective, and the share of weeks inside the bands."""

    objective: dict[str, Score]
    coverage80: float
    coverage95: float


def errors_of(said: Said, lead: int | None = None) -> Errors | None:
    """None where nothing was said about anything that sold."""
    chosen = slice(None) if lead is None else [said.leads.index(lead)]
    quantiles = said.quantiles[chosen]
    actual = np.broadcast_to(said.actual, quantiles.shape[:-1])
    if not (np.isfinite(actual) & np.isfinite(said.mean[chosen])).any():
        return None
    found = {name: score(actual.ravel(), said.points(name)[chosen].ravel()) for name in OBJECTIVES}
    return Errors(
        found, coverage(actual, quantiles[..., 1], quantiles[..., 5]), coverage(actual, quantiles[..., 0], quantiles[..., 6])
    )
