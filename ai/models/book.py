"""Forecasts of one model on one panel, with what costs time worked out once: used by forecasts and simulations."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.data.plan import PlannedEvent, with_plan
from ai.features.columns import Block
from ai.features.design import category_of
from ai.features.forecast_rows import ForecastRows
from ai.features.market import log_units_of, market_of, means_by_store
from ai.models.forecast import Forecast, Forecaster, ForecastModel
from ai.models.spread import PROBABILITIES
from ai.registry.forecast_files import BoundForecast, bind_forecast

MOST_WEEKS_AHEAD = 54  # a calendar of a year, planned up to two weeks before it begins
HISTORY_WEEKS = 156  # of the panel that is looked at


@dataclass(frozen=True)
class Book:
    """The panel a forecast stands on (its recent weeks) and the model bound to it.

    families: which blocks are forecast together, see families_of; store_means: see Market, by customer.
    """

    panel: Panel
    bound: BoundForecast
    families: list[list[int]]
    store_means: dict[str, np.ndarray]

    def forecast(self, series: np.ndarray, weeks: list[int], events: list[PlannedEvent]) -> tuple[np.ndarray, Forecast]:
        """Planned prices (series, weeks) and units of `series` in the week numbers `weeks`, all after the panel's last.

        Family by family: all at once would need several times the memory of the sales.
        """
        shape = (len(series), len(weeks))
        prices, mean, mape = (np.full(shape, np.nan) for _ in range(3))
        quantiles = np.full((*shape, len(PROBABILITIES)), np.nan)
        for family in self.families:
            members = np.concatenate([self.bound.blocks[number].series for number in family])
            asked = np.flatnonzero(np.isin(series, members))
            if len(asked):
                local = np.full(len(self.panel.series), -1)
                local[np.sort(members)] = np.arange(len(members))
                plan, found = self._forecast(family, local, local[series[asked]], weeks, events)
                prices[asked] = plan
                mean[asked], mape[asked], quantiles[asked] = found.mean, found.mape, found.quantiles
        unseen = ~self.bound.seen[series]
        mean[unseen], mape[unseen], quantiles[unseen] = np.nan, np.nan, np.nan
        return prices, Forecast(mean, mape, quantiles)

    def _forecast(
        self, family: list[int], local: np.ndarray, asked: np.ndarray, weeks: list[int], events: list[PlannedEvent]
    ) -> tuple[np.ndarray, Forecast]:
        """Of one family; local: (series,) the row of each series within it, -1 outside; asked: such rows."""
        part = part_of(self.panel, np.flatnonzero(local >= 0))
        here = [replace(event, series=local[event.series][local[event.series] >= 0]) for event in events]
        plan = with_plan(part, max(weeks), here)
        blocks = [_moved(self.bound.blocks[number], local) for number in family]
        market = market_of(plan, blocks, family, self.store_means)
        targets = tuple(week - plan.first_week for week in weeks)
        found = Forecaster(_only(self.bound.model, family, local), ForecastRows(market))
        return plan.price[asked][:, list(targets)], found.forecast(part.weeks - 1, targets, asked)


def families_of(panel: Panel, blocks: list[Block]) -> list[list[int]]:
    """Numbers of the blocks that see each other's plans: those of a shelf (a category at a retailer), or of several.

    Several where a product that changed its category since the fit has rivals on its old shelf.
    """
    shelf_of = {block.key: (block.chain_id, category_of(panel, block.product_id)) for block in blocks}
    joined: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for block in blocks:
        own = joined.setdefault(shelf_of[block.key], {shelf_of[block.key]})
        for rival, _aligned in block.rivals:
            other = shelf_of.get((rival, block.chain_id))
            if other is not None and other not in own:
                own |= joined.get(other, {other})
                joined |= dict.fromkeys(own, own)
    families: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        if len(block.series):
            families.setdefault(id(joined[shelf_of[block.key]]), []).append(number)
    return list(families.values())


def _moved(block: Block, local: np.ndarray) -> Block:
    """The block with the series numbers of a part of the panel."""
    rivals = tuple((rival, np.where(aligned >= 0, local[aligned], -1)) for rival, aligned in block.rivals)
    return replace(block, series=local[block.series], rivals=rivals)


def _only(model: ForecastModel, family: list[int], local: np.ndarray) -> ForecastModel:
    """The model of some blocks, on the series of a part of the panel."""
    ridge = {
        aim: replace(whole, usual=whole.usual[local >= 0], blocks=[whole.blocks[number] for number in family])
        for aim, whole in model.members.ridge.items()
    }
    return replace(model, members=replace(model.members, ridge=ridge))


def book_of(panel: Panel, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Book:
    """Binds a stored forecast to the recent weeks of `panel`. Raises UnreadableForecast."""
    recent = recent_weeks(panel, HISTORY_WEEKS)
    bound = bind_forecast(facts, arrays, recent)
    return Book(recent, bound, families_of(recent, bound.blocks), means_by_store(recent, log_units_of(recent)))


def recent_weeks(panel: Panel, weeks: int) -> Panel:
    """The panel's last `weeks` weeks (all of them if it has fewer)."""
    first = max(panel.weeks - weeks, 0)
    if first == 0:
        return panel
    return _cut(panel, panel.series, panel.first_week + first, lambda values: values[:, first:])


def part_of(panel: Panel, series: np.ndarray) -> Panel:
    """The panel of some series, given in ascending order."""
    if len(series) == len(panel.series):
        return panel
    return _cut(panel, [panel.series[number] for number in series.tolist()], panel.first_week, lambda values: values[series])


def _cut(panel: Panel, series: list[tuple[str, str]], first_week: int, chosen: Callable[[np.ndarray], np.ndarray]) -> Panel:
    names = ("units", "price", "price_regular", "cost", "cost_regular", "deal", "feature", "display", "promoted")
    measures: dict[str, Any] = {name: chosen(getattr(panel, name)) for name in names}
    return replace(panel, series=series, first_week=first_week, **measures)


class QuietWeeks:
    """Mean units of every series in weeks to come without any promotion; each week is worked out once."""

    def __init__(self, book: Book) -> None:
        self._book, self._guard = book, threading.Lock()
        self._units: dict[int, np.ndarray] = {}

    def units(self, weeks: list[int]) -> np.ndarray:
        """(series, weeks) for week numbers after the panel's last; NaN for series the model does not know."""
        if not all(week in self._units for week in weeks):
            with self._guard:
                missing = [week for week in weeks if week not in self._units]
                if missing:
                    self._work_out(missing)
        return np.stack([self._units[week] for week in weeks], axis=1)

    def _work_out(self, weeks: list[int]) -> None:
        _, found = self._book.forecast(np.arange(len(self._book.panel.series)), weeks, [])
        self._units |= {week: found.mean[:, number] for number, week in enumerate(weeks)}
