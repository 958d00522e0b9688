"""Units of weeks to come with known prices and promotions: trees and a ridge for each of two aims, averaged in logs.

One pair aims at the percentage error of every row, the other at the mean (docs/decisions/0190). Quantiles lie around the middle
of both; how wide they are is measured by forecasting the past from earlier origins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.scores import coverage, score
from ai.features.forecast_rows import ForecastRows, Rows
from ai.features.market import market_of
from ai.models.ridge import Ridge, RidgeForecast, fit_ridge
from ai.models.spread import PROBABILITIES, UNTRIED, Spread, Tried, fit_spread
from ai.models.trees import FLOOR, Booster, base_of, fit_mean, fit_percentage, inputs_of

Aim = Literal["mape", "mean"]
AIMS: tuple[Aim, ...] = ("mape", "mean")
# Weights of units^-power move a mean of logs by -power variances (lognormal units): -0.5 gives the log of their mean.
POWER: dict[Aim, float] = {"mape": 1.0, "mean": -0.5}
HORIZONS = (1, 2, 3, 4, 6, 8, 13)
FIRST_ORIGIN = 8  # weeks of history before the first row that is learned from
FEWEST_WEEKS = 16
TRIED_WINDOWS, TRIED_WEEKS = 2, 18  # windows of past origins that the spread is measured on
MOST_ROWS, MOST_TRIED_ROWS, FEWEST_PAIRS = 75_000, 50_000, 60
PERCENTAGE_SHIFT = -0.025  # log units by which the percentage error wants less, found on rounds before week 135


class TooShort(Exception):
    """The sales span too few weeks to learn a forecast from; the message says how many are needed."""


@dataclass(frozen=True)
class Members:
    """The fitted parts, from the weeks up to column `last`."""

    trees: dict[Aim, Booster]
    ridge: dict[Aim, Ridge]
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
class BackTest:
    """The newest window as members that ended before it forecast it, (rows,) each; week columns, units sold, median said."""

    series: np.ndarray
    origin: np.ndarray
    target: np.ndarray
    units: np.ndarray
    median: np.ndarray


@dataclass(frozen=True)
class ForecastModel:
    """back_test: what the metrics were measured on; None where the sales were too short, and in a model read from a file.

    columns: what the trees look at, empty in a model read from a file.
    """

    members: Members
    spread: Spread
    horizons: tuple[int, ...]
    metrics: dict[str, Any]
    back_test: BackTest | None = None
    columns: tuple[str, ...] = ()


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
            mean.append(np.exp(points.log_units["mean"]) * unknown)
            mape.append(np.exp(points.log_units["mape"]) * unknown)
            quantiles.append(self.model.spread.quantiles(rows, points.centre) * unknown[:, None])
        return Forecast(np.stack(mean, axis=1), np.stack(mape, axis=1), np.stack(quantiles, axis=1))


class _PointsOf:
    """Rows and log units of series; ridges are worked out once per market."""

    def __init__(self, members: Members, rows: ForecastRows) -> None:
        self._members, self._rows = members, rows
        self._ridge = {aim: RidgeForecast(rows, members.ridge[aim]) for aim in AIMS}

    def __call__(self, origin: int, target: int, series: np.ndarray) -> tuple[Rows, Points]:
        rows = self._rows.rows(origin, target, series)
        base, inputs = base_of(rows), inputs_of(rows)
        found: dict[Aim, np.ndarray] = {}
        for aim in AIMS:
            trees = base + self._members.trees[aim].above_base(inputs)
            said = (trees + self._ridge[aim].log_units(origin, target)[series]) / 2
            found[aim] = np.maximum(said + (PERCENTAGE_SHIFT if aim == "mape" else 0.0), np.log(FLOOR))
        return rows, Points(found)


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
    table = _learning_rows(rows, last, horizons)
    learned, columns = _Learned(rows, table), tuple(table.names)
    starts = [last - TRIED_WEEKS * number for number in range(TRIED_WINDOWS, 0, -1)]
    windows: list[Tried] = []
    for start in (start for start in starts if start >= FEWEST_WEEKS + min(horizons)):
        windows.append(_tried(rows, _fit_members(rows, learned, start, threads), start, last, horizons))
        progress(len(windows) / (TRIED_WINDOWS + 1))
    metrics, back_test = _measured(windows)
    return ForecastModel(
        members=_fit_members(rows, learned, last, threads),
        spread=fit_spread(windows) if windows else UNTRIED,
        horizons=horizons,
        metrics=metrics,
        back_test=back_test,
        columns=columns,
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
    """What the trees are fitted on, drawn together once; each fit takes the rows whose target it may know."""

    def __init__(self, rows: ForecastRows, table: Rows) -> None:
        self.target = table.target
        self.units = np.exp(rows.market.log_units[table.series, table.target])
        self.base, self.inputs = base_of(table), inputs_of(table)


def _fit_members(rows: ForecastRows, learned: _Learned, last: int, threads: int) -> Members:
    seen = learned.target <= last
    parts = (learned.inputs[seen], learned.base[seen], learned.units[seen], last - learned.target[seen])
    return Members(
        trees={"mape": fit_percentage(*parts, threads), "mean": fit_mean(*parts, threads)},
        ridge={aim: fit_ridge(rows, last, POWER[aim]) for aim in AIMS},
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
        centre=Points(joined).centre,
        mape=np.exp(joined["mape"]),
        mean=np.exp(joined["mean"]),
        units=np.exp(rows.market.log_units[table.series, table.target]),
    )


def _measured(windows: list[Tried]) -> tuple[dict[str, Any], BackTest | None]:
    """Errors on the last window of a model that ended before it, with the spread of the windows before."""
    if len(windows) < 2:
        return {"protocol": "too few weeks to try the model on the past"}, None
    spread, last = fit_spread(windows[:-1]), windows[-1]
    quantiles = spread.quantiles(last.rows, last.centre)
    median = quantiles[:, len(PROBABILITIES) // 2]
    found = {
        "mean": asdict(score(last.units, last.mean)),
        "median": asdict(score(last.units, median)),
        "mape": asdict(score(last.units, last.mape)),
    }
    metrics = {
        "protocol": f"the last {TRIED_WEEKS} weeks forecast by a model that ended before them",
        "objective": {name: {key: round(value, 4) for key, value in parts.items()} for name, parts in found.items()},
        "coverage80": round(coverage(last.units, quantiles[:, 1], quantiles[:, 5]), 4),
        "coverage95": round(coverage(last.units, quantiles[:, 0], quantiles[:, 6]), 4),
    }
    return metrics, BackTest(last.rows.series, last.rows.origin, last.rows.target, last.units, median)
