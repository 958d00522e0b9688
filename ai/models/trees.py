"""Gradient-boosted trees (LightGBM) on what the analogs leave over: one booster for the percentage error, one for the mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from ai.features.forecast_rows import BASE, Rows

ROUNDS = 200
RECENCY = 0.985
# A leaf holds several product-weeks, not one: the stores of one week share its shock, which a small leaf learns by heart.
MOST_IN_A_LEAF = 1000
PARAMETERS = {
    "learning_rate": 0.1, "num_leaves": 15, "feature_fraction": 0.4, "bagging_fraction": 0.6, "bagging_freq": 1, "lambda_l2": 1.0,
    "max_bin": 63, "verbose": -1, "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
# The season of the year tells the trees which week it was, and with it the shock of that week.
_LEFT_OUT = frozenset({"sin_1", "cos_1", "sin_2", "cos_2"})
_BASE_LIMITS = (-0.7, 16.0)
_MOST_OVER_BASE = 8.0  # times the analogs' units; what sold more counts as this much
FLOOR = 0.5  # units that stand in for none, and for returns


def base_of(rows: Rows) -> np.ndarray:
    """(rows,) log units of the analogs: the trees learn what is left of them."""
    return np.clip(np.nan_to_num(rows.column(BASE)), *_BASE_LIMITS)


def inputs_of(rows: Rows) -> np.ndarray:
    """(rows, columns) that the trees see."""
    return rows.values[:, [number for number, name in enumerate(rows.names) if name not in _LEFT_OUT]]


class Booster:
    """A fitted booster; `text` is LightGBM's own format, readable without anything of ours."""

    def __init__(self, text: str, threads: int = 1) -> None:
        import lightgbm  # 30 MB that a service without forecasts never loads

        self.text, self._threads = text, threads
        self._booster = lightgbm.Booster(model_str=text)

    def above_base(self, inputs: np.ndarray) -> np.ndarray:
        """(rows,) log units over `base_of`."""
        return np.asarray(self._booster.predict(inputs, raw_score=True, num_threads=self._threads))


def fit_percentage(inputs: np.ndarray, base: np.ndarray, units: np.ndarray, age: np.ndarray, threads: int = 1) -> Booster:
    """L1 on log units over the base, weights 1/units: its optimum is the percentage error's. age: weeks before the last."""
    sold = np.maximum(units, FLOOR)
    return _fit(inputs, np.log(sold) - base, RECENCY**age / np.maximum(sold, 1.0), "l1", threads)


def fit_mean(inputs: np.ndarray, base: np.ndarray, units: np.ndarray, age: np.ndarray, threads: int = 1) -> Booster:
    """Poisson deviance of units, with the base as exposure (so as a ratio, weighted by it): its optimum is the mean."""
    ratio = np.clip(units * np.exp(-base), 0.0, _MOST_OVER_BASE)
    return _fit(inputs, ratio, RECENCY**age * np.exp(base), "poisson", threads)


def _fit(inputs: np.ndarray, label: np.ndarray, weight: np.ndarray, objective: str, threads: int) -> Booster:
    import lightgbm

    smallest_leaf = int(np.clip(len(label) // 60, 20, MOST_IN_A_LEAF))
    parameters: dict[str, Any] = PARAMETERS | {"objective": objective, "num_threads": threads, "min_data_in_leaf": smallest_leaf}
    data = lightgbm.Dataset(inputs, label, weight=weight / weight.mean(), params={"verbose": -1, "max_bin": 63})
    return Booster(lightgbm.train(parameters, data, ROUNDS).model_to_string(), threads)
