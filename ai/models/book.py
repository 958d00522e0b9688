"""Forecasts of one model on one panel, with what costs time worked out once: used by forecasts and simulations."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.data.plan import PlannedEvent, with_plan
from ai.features.forecast_rows import ForecastRows
from ai.models.forecast import Forecast, Forecaster
from ai.registry.forecast_files import BoundForecast, bind_forecast, forecast_market

MOST_WEEKS_AHEAD = 54  # a calendar of a year, planned up to two weeks before it begins
HISTORY_WEEKS = 156  # of the panel that is looked at


@dataclass(frozen=True)
class Book:
    """The panel a forecast stands on (its recent weeks) and the model bound to it."""

    panel: Panel
    bound: BoundForecast

    @property
    def origin(self) -> int:
        return self.panel.weeks - 1

    def forecast(self, series: np.ndarray, weeks: list[int], events: list[PlannedEvent]) -> tuple[Panel, Forecast]:
        """The plan and the units of `series` in the week numbers `weeks`, all after the panel's last."""
        plan = with_plan(self.panel, max(weeks), events)
        forecaster = Forecaster(self.bound.model, ForecastRows(forecast_market(plan, self.bound)))
        targets = tuple(week - plan.first_week for week in weeks)
        found = forecaster.forecast(self.origin, targets, series)
        seen = np.where(self.bound.seen[series], 1.0, np.nan)
        return plan, Forecast(found.mean * seen[:, None], found.mape * seen[:, None], found.quantiles * seen[:, None, None])


def book_of(panel: Panel, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Book:
    """Binds a stored forecast to the recent weeks of `panel`. Raises UnreadableForecast."""
    recent = recent_weeks(panel, HISTORY_WEEKS)
    return Book(recent, bind_forecast(facts, arrays, recent))


def recent_weeks(panel: Panel, weeks: int) -> Panel:
    """The panel's last `weeks` weeks (all of them if it has fewer)."""
    first = max(panel.weeks - weeks, 0)
    if first == 0:
        return panel
    names = ("units", "price", "price_regular", "cost", "cost_regular", "deal", "feature", "display", "promoted")
    parts = {name: getattr(panel, name)[:, first:] for name in names}
    return Panel(
        customers=panel.customers,
        products=panel.products,
        series=panel.series,
        first_week=panel.first_week + first,
        rows=panel.rows,
        **parts,
    )


class QuietWeeks:
    """Mean units of every series in weeks to come without any promotion; each week is worked out once."""

    def __init__(self, book: Book) -> None:
        self._book, self._guard = book, threading.Lock()
        self._units: dict[int, np.ndarray] = {}

    def units(self, weeks: list[int]) -> np.ndarray:
        """(series, weeks) for week numbers after the panel's last; NaN for series the model does not know."""
        with self._guard:
            missing = [week for week in weeks if week not in self._units]
            if missing:
                _, found = self._book.forecast(np.arange(len(self._book.panel.series)), missing, [])
                self._units |= {week: found.mean[:, number] for number, week in enumerate(missing)}
            return np.stack([self._units[week] for week in weeks], axis=1)
