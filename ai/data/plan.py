"""Weeks to come behind the weeks that sold: prices and promotions as planned, the usual price where nothing is planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel


@dataclass(frozen=True)
class PlannedEvent:
    """A price or promotion from week `first` to `last` (week numbers, inclusive) for some series.

    price (per unit) or cut (share off the usual price); neither means the usual price.
    """

    series: np.ndarray
    first: int
    last: int
    price: float | None = None
    cut: float | None = None
    deal: float = 0.0
    feature: float = 0.0
    display: float = 0.0


def usual_prices(panel: Panel) -> np.ndarray:
    """(series,) the regular price of the last week that has one; NaN where none is known."""
    return panel.usual_prices


def with_plan(panel: Panel, last_week: int, events: list[PlannedEvent]) -> Panel:
    """`panel` with weeks up to number `last_week` behind its sales; later events overrule earlier ones."""
    ahead = last_week - panel.last_week
    shape = (len(panel.series), ahead)
    usual = usual_prices(panel)
    price = np.repeat(usual[:, None], ahead, axis=1)
    flags = {name: np.zeros(shape) for name in ("deal", "feature", "display")}
    for event in events:
        weeks = np.arange(max(event.first - panel.last_week - 1, 0), min(event.last - panel.last_week, ahead))
        cells = np.ix_(event.series, weeks)
        if event.price is not None:
            price[cells] = event.price
        elif event.cut is not None:
            price[cells] = (usual[event.series] * (1 - event.cut))[:, None]
        for name, values in flags.items():
            values[cells] = getattr(event, name)
    unknown = np.full(shape, np.nan)

    def behind(values: np.ndarray, more: np.ndarray) -> np.ndarray:
        return np.concatenate([values, more], axis=1)

    promoted = (flags["deal"] > 0) | (flags["feature"] > 0) | (flags["display"] > 0) | (price < usual[:, None])
    return Panel(
        customers=panel.customers,
        products=panel.products,
        series=panel.series,
        first_week=panel.first_week,
        units=behind(panel.units, unknown),
        price=behind(panel.price, price),
        price_regular=behind(panel.price_regular, np.repeat(usual[:, None], ahead, axis=1)),
        cost=behind(panel.cost, unknown),
        cost_regular=behind(panel.cost_regular, unknown),
        deal=behind(panel.deal, flags["deal"]),
        feature=behind(panel.feature, flags["feature"]),
        display=behind(panel.display, flags["display"]),
        promoted=behind(panel.promoted, promoted),
        rows=panel.rows,
    )
