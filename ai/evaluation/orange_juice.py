"""The published ten-round protocol on Dominick's orange juice: which weeks may be seen, which are asked for.

Training ends at week 135, 137 ... 153; every store and brand present two and three weeks later is forecast. Prices, deals
and features of the weeks asked for are known, units and profit are not. `naive` repeats the last week seen: its error of
109.89 % on 17,061 cells says that the data and the rounds are the published ones.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from ai.data.panel import Customer, Panel, Product, SalesColumns, build_panel
from ai.data.weeks import week_number

# Week 1 of the Dominick's Data Manual begins on Thursday 1989-09-14; an ISO week is named by its Thursday.
_WEEK_ZERO = week_number(date(1989, 9, 14)) - 1
HORIZONS = (2, 3)
ORIGINS = tuple(range(135, 154, 2))  # last week seen
FINAL_ORIGINS = (155, 157)  # weeks 157 to 160: looked at once, after everything was settled
TUNING_ORIGINS = tuple(range(111, 132, 4))  # what may be looked at while settling things: weeks before 135
# Methods that fit every series alone take hours for all of them: (every n-th series, rounds) that they are asked for.
SAMPLES = {"arima": (4, ORIGINS), "prophet": (12, ORIGINS[::3])}
PUBLISHED = {"ARIMA with price and promotion": 0.4888, "dilated CNN": 0.3766, "LightGBM": 0.3597}

Forecaster = Callable[[Panel, int, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Answers:
    """What was asked and answered, one entry a cell: series number, week column, units sold, units forecast."""

    series: np.ndarray
    week: np.ndarray
    actual: np.ndarray
    predicted: np.ndarray


def column_of(panel: Panel, week: int) -> int:
    """The panel's column of Dominick's week `week`."""
    return _WEEK_ZERO + week - panel.first_week


def known_at(panel: Panel, origin: int, last: int) -> Panel:
    """The panel as it was known after column `origin`, with the plan (price, deal, feature, display) up to column `last`.

    Units, costs and everything derived from both sides of a week are gone beyond the origin.
    """
    seen = np.arange(last + 1) <= origin

    def past(values: np.ndarray) -> np.ndarray:
        return np.where(seen, values[:, : last + 1], np.nan)

    def planned(values: np.ndarray) -> np.ndarray:
        return values[:, : last + 1].copy()

    return Panel(
        customers=panel.customers,
        products=panel.products,
        series=panel.series,
        first_week=panel.first_week,
        units=past(panel.units),
        price=planned(panel.price),
        price_regular=np.full((len(panel.series), last + 1), np.nan),  # looks both ways in time
        cost=past(panel.cost),
        cost_regular=np.full((len(panel.series), last + 1), np.nan),
        deal=planned(panel.deal),
        feature=planned(panel.feature),
        display=planned(panel.display),
        promoted=np.zeros((len(panel.series), last + 1), dtype=bool),  # rests on the regular price
        rows=int(np.isfinite(panel.units[:, : origin + 1]).sum()),
    )


def run_rounds(panel: Panel, forecast: Forecaster, origins: tuple[int, ...] = ORIGINS) -> Answers:
    """Asks `forecast(known, origin column, target columns)` for (series, targets) units in every round."""
    parts = []
    for origin in origins:
        column = column_of(panel, origin)
        targets = tuple(column + horizon for horizon in HORIZONS)
        predicted = forecast(known_at(panel, column, targets[-1]), column, targets)
        for number, target in enumerate(targets):
            present = np.flatnonzero(panel.known[:, target])
            parts.append((present, np.full(len(present), target), panel.units[present, target], predicted[present, number]))
    return Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def in_sample(panel: Panel, answers: Answers, name: str) -> np.ndarray:
    """(cells,) which of the answers the sampled method `name` is asked for."""
    step, origins = SAMPLES[name]
    weeks = [column_of(panel, origin) + horizon for origin in origins for horizon in HORIZONS]
    return np.asarray((answers.series % step == 0) & np.isin(answers.week, weeks))


def naive(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
    """The last week seen, repeated; NaN where the series was not sold in it."""
    return np.repeat(known.units[:, [origin]], len(targets), axis=1)


def _monday_seconds(text: str) -> float:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)) / timedelta(seconds=1)  # noqa: DTZ001 (a date without a place)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_panel(folder: Path) -> Panel:
    """The panel of the three CSV files that `demo/convert.py` writes. Raises OSError, ValueError."""
    customers: dict[str, Customer] = {}
    for row in _rows(folder / "customers.csv"):
        chain = row["parent_code"] or row["code"]
        customers[row["code"]] = Customer(row["code"], row["name"], chain, tuple(dict.fromkeys((chain, row["code"]))))
    products = {
        row["sku"]: Product(
            row["sku"], row["name"], "OJ", row["unit_cost"] or None, row["unit_cost_basis"] or None, row["parent_sku"]
        )
        for row in _rows(folder / "products.csv")
        if row["level"] == "sku"
    }
    customer_numbers = {key: number for number, key in enumerate(customers)}
    product_numbers = {key: number for number, key in enumerate(products)}
    rows = list(_rows(folder / "sales.csv"))

    def numbers(name: str) -> np.ndarray:
        return np.array([float(row[name]) if row[name] else np.nan for row in rows])

    sales = SalesColumns(
        customer_ids=list(customers),
        product_ids=list(products),
        customer=np.array([customer_numbers[row["customer_code"]] for row in rows]),
        product=np.array([product_numbers[row["sku"]] for row in rows]),
        period=np.array([_monday_seconds(row["week"]) for row in rows]),
        units=numbers("units"),
        price=numbers("price_paid"),
        price_regular=numbers("price_regular"),
        cost=numbers("unit_acquisition_cost"),
        deal=numbers("deal"),
        feature=numbers("feature"),
        display=numbers("display"),
    )
    panel = build_panel(sales, customers, products)
    if panel is None:
        raise ValueError(f"{folder / 'sales.csv'} holds no sales")
    return panel
