"""Units of weeks to come with known prices and promotions: what the chain sells, and what each store differs from it.

Trees and a ridge aim at the percentage error of every row, a second ridge at the mean of logs. A Gaussian process says what
the stores of a retailer sell together, trees on the stores' deviations how it is shared out (docs/decisions/0130). Where a
store's plan is not its chain's, the rows' own models speak. How wide the quantiles are, and what turns the centre into a mean,
is measured by forecasting the past from earlier origins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.scores import coverage, score
from ai.features.chain_rows import ChainRows, chain_rows
from ai.features.forecast_rows import ForecastRows, Rows
from ai.features.market import Market, market_of
from ai.models.chain import ANCHOR, ChainModel, fit_chain
from ai.models.ridge import Ridge, RidgeForecast, fit_ridge
from ai.models.spread import PROBABILITIES, UNTRIED, Spread, Tried, fit_spread
from ai.models.trees import FLOOR, Booster, base_of, fit_percentage, fit_stores, percentage_inputs, store_inputs

Aim = Literal["mape", "mean"]
AIMS: tuple[Aim, ...] = ("mape", "mean")
POWER: dict[Aim, float] = {"mape": 1.0, "mean": 0.0}
HORIZONS = (1, 2, 3, 4, 6, 8, 13)
FIRST_ORIGIN = 8  # weeks of history before the first row that is learned from
FEWEST_WEEKS = 16
TRIED_WINDOWS, TRIED_WEEKS = 2, 18  # windows of past origins that the spread is measured on
MOST_ROWS, MOST_TRIED_ROWS, FEWEST_PAIRS = 120_000, 100_000, 60
ACTIVE_WEEKS = 8  # a store that sold nothing for longer does not count in its chain's mean
PERCENTAGE_SHIFT = -0.05  # log units by which the percentage error wants less, found on rounds before week 135
OWN_WAY_DEPTH, OWN_WAY_FEATURE = 0.1, 0.5  # how far a store's plan may lie from its chain's


class TooShort(Exception):
    """The sales span too few weeks to learn a forecast from; the message says how many are needed."""


@dataclass(frozen=True)
class Members:
    """The fitted parts, from the weeks up to column `last`."""

    percentage: Booster
    stores: Booster
    ridge: dict[Aim, Ridge]
    chain: ChainModel
    last: int


@dataclass(frozen=True)
class Points:
    """(rows,) log units by aim; the centre is their middle."""

    log_units: dict[Aim, np.ndarray]

    @property
    def centre(self) -> np.ndarray:
        return np.mean([self.log_units[aim] for aim in AIMS], axis=0)


@dataclass(frozen=True)
class Forecast:
    """Units, (series, targets) each and (series, targets, probabilities); NaN for series that never sold."""

    mean: np.ndarray
    mape: np.ndarray
    quantiles: np.ndarray

    @property
    def median(self) -> np.ndarray:
        return self.quantiles[..., self.quantiles.shape[-1] // 2]


@dataclass(frozen=True)
class ForecastModel:
    members: Members
    spread: Spread
    horizons: tuple[int, ...]
    metrics: dict[str, Any]


class Forecaster:
    """One model on one market: past sales and a plan behind them."""

    def __init__(self, model: ForecastModel, rows: ForecastRows) -> None:
        self.model, self._rows = model, rows
        self._points = _PointsOf(model.members, rows)

    def forecast(self, origin: int, targets: tuple[int, ...], series: np.ndarray) -> Forecast:
        """`series` in the week columns `targets`, from what had sold up to column `origin`."""
        mean, mape, quantiles = [], [], []
        sold_before = self._rows.market.known[series][:, : origin + 1].any(axis=1)
        for target in targets:
            rows, points = self._points(origin, target, series)
            unknown = np.where(sold_before, 1.0, np.nan)
            mean.append(np.exp(points.log_units["mean"]) * self.model.spread.mean_factor(rows) * unknown)
            mape.append(np.exp(points.log_units["mape"]) * unknown)
            quantiles.append(self.model.spread.quantiles(rows, points.centre) * unknown[:, None])
        return Forecast(np.stack(mean, axis=1), np.stack(mape, axis=1), np.stack(quantiles, axis=1))


class _PointsOf:
    """Rows and log units of series; ridges are worked out once per market."""

    def __init__(self, members: Members, rows: ForecastRows) -> None:
        self._members, self._rows = members, rows
        self._ridge = {aim: RidgeForecast(rows, members.ridge[aim]) for aim in AIMS}
        self._category = categories_of(rows.market)

    def __call__(self, origin: int, target: int, series: np.ndarray) -> tuple[Rows, Points]:
        """Rows and points of `series`; all stores of their products are looked at, whoever is asked for."""
        market, members = self._rows.market, self._members
        asked = np.zeros(len(market.product), dtype=bool)
        asked[market.product[series]] = True  # numbers of blocks, which are never more than series
        everyone = np.flatnonzero(asked[market.product])
        rows = self._rows.rows(origin, target, everyone)
        active = market.known[everyone, max(0, origin - ACTIVE_WEEKS + 1) : origin + 1].any(axis=1)
        cells = chain_rows(rows, market.product, np.asarray(active))
        base = base_of(rows)
        ridge = {aim: self._ridge[aim].log_units(origin, target)[everyone] for aim in AIMS}
        trees = base + members.percentage.predict(percentage_inputs(rows))
        stores = cells.deviation(base) + members.stores.predict(store_inputs(rows, cells))
        together = cells.column(ANCHOR) + members.chain.above_anchor(cells, self._category)
        mixed = (trees + ridge["mape"]) / 2
        apart = (cells.deviation(stores) + cells.deviation(mixed)) / 2
        chain = {"mape": (cells.mean(mixed) + together) / 2, "mean": (cells.mean(ridge["mean"]) + together) / 2}
        alone = {"mape": mixed, "mean": (trees + ridge["mean"]) / 2}
        own_way = _own_way(rows, cells)
        place = np.searchsorted(everyone, series)
        found: dict[Aim, np.ndarray] = {}
        for aim in AIMS:
            said = (1 - own_way) * (chain[aim][cells.cell] + apart) + own_way * alone[aim]
            found[aim] = np.maximum(said + (PERCENTAGE_SHIFT if aim == "mape" else 0.0), np.log(FLOOR))[place]
        return rows.take(place), Points(found)


def _own_way(rows: Rows, cells: ChainRows) -> np.ndarray:
    """(rows,) 0 where the store's plan is its chain's, towards 1 the further it lies from it."""
    depth = np.abs(cells.deviation(np.nan_to_num(rows.column("depth"))))
    feature = np.abs(cells.deviation(np.nan_to_num(rows.column("feature"))))
    counted = np.bincount(cells.cell[cells.counted], minlength=len(cells.block))[cells.cell] > 0
    return np.where(counted, -np.expm1(-depth / OWN_WAY_DEPTH - feature / OWN_WAY_FEATURE), 1.0)


def categories_of(market: Market) -> np.ndarray:
    """(blocks,) number of the category at the retailer: products that learn from each other."""
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault((block.category_id, block.chain_id), len(numbers)) for block in market.blocks], dtype=int)


def fit_forecast(
    panel: Panel,
    horizons: tuple[int, ...] = HORIZONS,
    threads: int = 1,
    progress: Callable[[float], None] = lambda _share: None,
) -> ForecastModel:
    """Learns from all weeks of `panel` that have sales; planned weeks behind them are left alone. Raises TooShort."""
    weeks_sold = np.flatnonzero(np.isfinite(panel.units).any(axis=0))
    last = int(weeks_sold[-1]) if len(weeks_sold) else -1
    if last + 1 < FEWEST_WEEKS:
        raise TooShort(f"a forecast needs sales over {FEWEST_WEEKS} weeks, there are {last + 1}")
    rows = ForecastRows(market_of(panel))
    learned = _Learned(rows, _learning_rows(rows, last, horizons))
    starts = [last - TRIED_WEEKS * number for number in range(TRIED_WINDOWS, 0, -1)]
    windows: list[Tried] = []
    for start in (start for start in starts if start >= FEWEST_WEEKS + min(horizons)):
        windows.append(_tried(rows, _fit_members(rows, learned, start, threads), start, last, horizons))
        progress(len(windows) / (TRIED_WINDOWS + 1))
    return ForecastModel(
        members=_fit_members(rows, learned, last, threads),
        spread=fit_spread(windows) if windows else UNTRIED,
        horizons=horizons,
        metrics=_measured(windows),
    )


def _thinned(
    rows: ForecastRows, pairs: list[tuple[int, int]], most: int, fewest_pairs: int
) -> list[tuple[tuple[int, int], np.ndarray]]:
    """Pairs of origin and target with the series to look at: about `most` rows, by whole pairs and then by whole products."""
    sold = {pair: rows.sold(*pair) for pair in pairs}
    count = sum(len(series) for series in sold.values())
    rng = np.random.default_rng(1)
    if count > most:  # whole pairs first: a row costs as much as its pair
        kept = min(len(pairs), max(int(len(pairs) * most / count), fewest_pairs))
        pairs = [pairs[number] for number in sorted(rng.permutation(len(pairs))[:kept])]
    share = min(1.0, most / max(sum(len(sold[pair]) for pair in pairs), 1))
    product, blocks = rows.market.product, len(rows.market.blocks)
    parts = []
    for pair in pairs:
        series = sold[pair]
        chosen = series if share == 1.0 else series[(rng.random(blocks) < share)[product[series]]]
        if len(chosen):
            parts.append((pair, chosen))
    return parts


def _learning_rows(rows: ForecastRows, last: int, horizons: tuple[int, ...]) -> Rows:
    """Rows of all origins and horizons with known sales, thinned."""
    pairs = [(o, o + h) for o in range(FIRST_ORIGIN, last) for h in horizons if o + h <= last]
    return Rows.joined([rows.rows(*pair, series) for pair, series in _thinned(rows, pairs, MOST_ROWS, FEWEST_PAIRS)])


class _Learned:
    """What the members are fitted on, drawn together once; each fit takes the rows whose target it may know."""

    def __init__(self, rows: ForecastRows, table: Rows) -> None:
        self.target = table.target
        self.units = np.exp(rows.market.log_units[table.series, table.target])
        self.base = base_of(table)
        self.cells = chain_rows(table, rows.market.product)
        log_units = np.log(np.maximum(self.units, FLOOR))
        self.together = self.cells.mean(log_units)
        self.deviation = self.cells.deviation(log_units - self.base)
        self.inputs, self.store_inputs = percentage_inputs(table), store_inputs(table, self.cells)


def _fit_members(rows: ForecastRows, learned: _Learned, last: int, threads: int) -> Members:
    seen = learned.target <= last
    age, base = last - learned.target[seen], learned.base[seen]
    return Members(
        percentage=fit_percentage(learned.inputs[seen], base, learned.units[seen], age, threads),
        stores=fit_stores(learned.store_inputs[seen], learned.deviation[seen], age, threads),
        ridge={aim: fit_ridge(rows, last, POWER[aim]) for aim in AIMS},
        chain=fit_chain(learned.cells, learned.together, last, categories_of(rows.market)),
        last=last,
    )


def _tried(rows: ForecastRows, members: Members, start: int, last: int, horizons: tuple[int, ...]) -> Tried:
    points_of = _PointsOf(members, rows)
    origins = range(start, min(start + TRIED_WEEKS, last))
    pairs = [(origin, origin + horizon) for origin in origins for horizon in horizons if origin + horizon <= last]
    tables, points = [], []
    for (origin, target), series in _thinned(rows, pairs, MOST_TRIED_ROWS, FEWEST_PAIRS):
        table, found = points_of(origin, target, series)
        tables.append(table)
        points.append(found)
    table = Rows.joined(tables)
    joined = {aim: np.concatenate([point.log_units[aim] for point in points]) for aim in AIMS}
    return Tried(
        rows=table,
        product=rows.market.product[table.series],
        centre=Points(joined).centre,
        mape=np.exp(joined["mape"]),
        mean=np.exp(joined["mean"]),
        units=np.exp(rows.market.log_units[table.series, table.target]),
    )


def _measured(windows: list[Tried]) -> dict[str, Any]:
    """Errors on the last window of a model that ended before it, with the spread of the windows before."""
    if len(windows) < 2:
        return {"protocol": "too few weeks to try the model on the past"}
    spread, last = fit_spread(windows[:-1]), windows[-1]
    mean = last.mean * spread.mean_factor(last.rows)
    quantiles = spread.quantiles(last.rows, last.centre)
    found = {
        "mean": asdict(score(last.units, mean)),
        "median": asdict(score(last.units, quantiles[:, len(PROBABILITIES) // 2])),
        "mape": asdict(score(last.units, last.mape)),
    }
    return {
        "protocol": f"the last {TRIED_WEEKS} weeks forecast by a model that ended before them",
        "objective": {name: {key: round(value, 4) for key, value in parts.items()} for name, parts in found.items()},
        "coverage80": round(coverage(last.units, quantiles[:, 1], quantiles[:, 5]), 4),
        "coverage95": round(coverage(last.units, quantiles[:, 0], quantiles[:, 6]), 4),
    }
