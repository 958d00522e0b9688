"""Rows for the forecasting trees: one a series, forecast origin and target week, from what was known at the origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.weeks import WEEKS_A_YEAR
from ai.features.analogs import analog_columns
from ai.features.history import history_columns
from ai.features.market import Market
from ai.features.planned import planned_columns
from ai.features.rhythm import shelf_columns

BASE = "analog_near"  # the trees learn what is left of this column


@dataclass(frozen=True)
class Rows:
    """values (rows, columns) float32 with, per row: series, origin and target week columns."""

    names: list[str]
    values: np.ndarray
    series: np.ndarray
    origin: np.ndarray
    target: np.ndarray

    def column(self, name: str) -> np.ndarray:
        return self.values[:, self.names.index(name)].astype(float)

    def take(self, chosen: np.ndarray) -> Rows:
        return Rows(self.names, self.values[chosen], self.series[chosen], self.origin[chosen], self.target[chosen])

    @staticmethod
    def joined(parts: list[Rows]) -> Rows:
        """All parts below each other; raises ValueError when there is none."""
        if not parts:
            raise ValueError("there are no rows to join")
        return Rows(
            parts[0].names,
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.series for part in parts]),
            np.concatenate([part.origin for part in parts]),
            np.concatenate([part.target for part in parts]),
        )


class ForecastRows:
    """Makes rows of one market; what is planned is worked out once."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.planned = planned_columns(market)

    def rows(self, origin: int, target: int, series: np.ndarray) -> Rows:
        """The rows of `series` for week column `target`, seen from week column `origin`."""
        market = self.market
        angle = 2 * np.pi * (market.first_week + target) / WEEKS_A_YEAR
        columns: dict[str, np.ndarray] = {name: values[series, target] for name, values in self.planned.items()}
        columns |= {name: values[series] for name, values in history_columns(market, origin).items()}
        columns |= {name: values[series] for name, values in shelf_columns(market, origin).items()}
        found = analog_columns(market, self.planned["price_vs_26"], origin, target)
        columns |= {name: values[series] for name, values in found.items()}
        for harmonic in (1, 2):
            columns[f"sin_{harmonic}"] = np.full(len(series), np.sin(harmonic * angle))
            columns[f"cos_{harmonic}"] = np.full(len(series), np.cos(harmonic * angle))
        columns["horizon"] = np.full(len(series), float(target - origin))
        columns["product"] = market.product[series].astype(float)
        return Rows(
            names=list(columns),
            values=np.stack(list(columns.values()), axis=1).astype(np.float32),
            series=series,
            origin=np.full(len(series), origin),
            target=np.full(len(series), target),
        )

    def sold(self, origin: int, target: int) -> np.ndarray:
        """Series sold in `target` that had sold before or at `origin`: what can be learned from."""
        known = self.market.known
        return np.flatnonzero(known[:, target] & known[:, : origin + 1].any(axis=1))
