"""Units of weeks to come with known prices and promotions: trees and ridge together, aimed at what is asked for.

Two aims are fitted: the percentage error ("mape") and the mean. Their middle is the centre of the quantiles. How wide the
quantiles are, and what turns the centre into a mean, is measured by forecasting the last half year from earlier origins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.scores import coverage, score
from ai.features.forecast_rows import ForecastRows, Rows
from ai.features.market import market_of
from ai.models.ridge import Ridge, RidgeForecast, fit_ridge
from ai.models.spread import PROBABILITIES, UNTRIED, Spread, fit_spread, promoted
from ai.models.trees import Aim, Trees, fit_trees

AIMS: tuple[Aim, ...] = ("mape", "mean")
POWER = {"mape": 1.0, "mean": 0.0}
SHARE_OF_TREES = 0.5
HORIZONS = (1, 2, 3, 4, 6, 8, 13)
FIRST_ORIGIN = 8  # weeks of history before the first row that is learned from
FEWEST_WEEKS = 16
TRIED_WINDOWS, TRIED_WEEKS = 2, 12  # windows of past origins that the spread is measured on
MOST_ROWS = 170_000


class TooShort(Exception):
    """The sales span too few weeks to learn a forecast from; the message says how many are needed."""


@dataclass(frozen=True)
class Members:
    """The fitted parts, by aim, from the weeks up to column `last`."""

    trees: dict[Aim, Trees]
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
            rows = self._rows.rows(origin, target, series)
            points = self._points(rows)
            factor = self.model.spread.factor[promoted(rows).astype(int)]
            unknown = np.where(sold_before, 1.0, np.nan)
            mean.append(np.exp(points.log_units["mean"]) * factor * unknown)
            mape.append(np.exp(points.log_units["mape"]) * unknown)
            quantiles.append(self.model.spread.quantiles(rows, points.centre) * unknown[:, None])
        return Forecast(np.stack(mean, axis=1), np.stack(mape, axis=1), np.stack(quantiles, axis=1))


class _PointsOf:
    """Log units of rows; ridges are worked out once per market."""

    def __init__(self, members: Members, rows: ForecastRows) -> None:
        self._members = members
        self._ridge = {aim: RidgeForecast(rows, members.ridge[aim]) for aim in AIMS}

    def __call__(self, rows: Rows) -> Points:
        """All rows must share one origin and one target."""
        origin, target = int(rows.origin[0]), int(rows.target[0])
        mixed: dict[Aim, np.ndarray] = {}
        for aim in AIMS:
            ridge = self._ridge[aim].log_units(origin, target)[rows.series]
            mixed[aim] = SHARE_OF_TREES * self._members.trees[aim].log_units(rows) + (1 - SHARE_OF_TREES) * ridge
        return Points(mixed)


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
    learned = _learning_rows(rows, last, horizons)
    starts = [last - TRIED_WEEKS * number for number in range(TRIED_WINDOWS, 0, -1)]
    windows: list[Tried] = []
    for start in (start for start in starts if start >= FEWEST_WEEKS + min(horizons)):
        windows.append(_tried(rows, _fit_members(rows, learned, start, threads), start, last, horizons))
        progress(len(windows) / (TRIED_WINDOWS + 1))
    return ForecastModel(
        members=_fit_members(rows, learned, last, threads),
        spread=fit_spread(*_spread_inputs(windows)) if windows else UNTRIED,
        horizons=horizons,
        metrics=_measured(windows),
    )


def _learning_rows(rows: ForecastRows, last: int, horizons: tuple[int, ...]) -> tuple[Rows, np.ndarray]:
    """Rows of all origins and horizons with the units sold; evenly thinned to MOST_ROWS."""
    pairs = [(o, o + h) for o in range(FIRST_ORIGIN, last) for h in horizons if o + h <= last]
    sold = {pair: rows.sold(*pair) for pair in pairs}
    count = sum(len(series) for series in sold.values())
    rng = np.random.default_rng(1)
    if count > MOST_ROWS:  # whole origins first: a row costs as much as its origin
        kept = max(int(len(pairs) * MOST_ROWS / count), 60)
        pairs = [pairs[number] for number in sorted(rng.permutation(len(pairs))[:kept])]
    share = min(1.0, MOST_ROWS / max(sum(len(sold[pair]) for pair in pairs), 1))
    parts = []
    for pair in pairs:
        series = sold[pair]
        chosen = series if share == 1.0 else series[rng.random(len(series)) < share]
        if len(chosen):
            parts.append(rows.rows(*pair, chosen))
    found = Rows.joined(parts)
    return found, np.exp(rows.market.log_units[found.series, found.target])


def _fit_members(rows: ForecastRows, learned: tuple[Rows, np.ndarray], last: int, threads: int) -> Members:
    table, units = learned
    seen = table.target <= last
    table = Rows(table.names, table.values[seen], table.series[seen], table.origin[seen], table.target[seen])
    return Members(
        trees={aim: fit_trees(table, units[seen], last, aim, threads) for aim in AIMS},
        ridge={aim: fit_ridge(rows, last, POWER[aim]) for aim in AIMS},
        last=last,
    )


@dataclass(frozen=True)
class Tried:
    """What members that saw no more than the window's start said from the origins of the window."""

    rows: Rows
    points: Points
    units: np.ndarray


def _tried(rows: ForecastRows, members: Members, start: int, last: int, horizons: tuple[int, ...]) -> Tried:
    points_of = _PointsOf(members, rows)
    tables, points = [], []
    for origin in range(start, min(start + TRIED_WEEKS, last)):
        for horizon in horizons:
            if origin + horizon <= last and len(series := rows.sold(origin, origin + horizon)):
                tables.append(rows.rows(origin, origin + horizon, series))
                points.append(points_of(tables[-1]))
    table = Rows.joined(tables)
    units = np.exp(rows.market.log_units[table.series, table.target])
    joined = Points({aim: np.concatenate([point.log_units[aim] for point in points]) for aim in AIMS})
    return Tried(table, joined, units)


def _spread_inputs(windows: list[Tried]) -> tuple[Rows, np.ndarray, np.ndarray, np.ndarray]:
    return (
        Rows.joined([window.rows for window in windows]),
        np.concatenate([window.points.centre for window in windows]),
        np.exp(np.concatenate([window.points.log_units["mean"] for window in windows])),
        np.concatenate([window.units for window in windows]),
    )


def _measured(windows: list[Tried]) -> dict[str, Any]:
    """Errors on the last window of a model that ended before it, with the spread of the windows before."""
    if len(windows) < 2:
        return {"protocol": "too few weeks to try the model on the past"}
    spread, last = fit_spread(*_spread_inputs(windows[:-1])), windows[-1]
    mean = np.exp(last.points.log_units["mean"]) * spread.factor[promoted(last.rows).astype(int)]
    quantiles = spread.quantiles(last.rows, last.points.centre)
    found = {
        "mean": asdict(score(last.units, mean)),
        "median": asdict(score(last.units, quantiles[:, len(PROBABILITIES) // 2])),
        "mape": asdict(score(last.units, np.exp(last.points.log_units["mape"]))),
    }
    return {
        "protocol": f"the last {TRIED_WEEKS} weeks forecast by a model that ended before them",
        "objective": {name: {key: round(value, 4) for key, value in parts.items()} for name, parts in found.items()},
        "coverage80": round(coverage(last.units, quantiles[:, 1], quantiles[:, 5]), 4),
        "coverage95": round(coverage(last.units, quantiles[:, 0], quantiles[:, 6]), 4),
    }
