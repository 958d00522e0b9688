"""Gradient-boosted trees (LightGBM): one booster for a row's percentage error, one for what stores differ from their chain."""

from __future__ import annotations

from typing import Any

import numpy as np

from ai.features.chain_rows import ChainRows
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
# What a store's deviation may depend on besides its own: how the whole chain stands in that week.
_TOGETHER = (
    "depth", "feature", "deal", "rival_depth", "rival_deepest", "price_vs_26", "depth_1", "feature_1", "level_slow",
    "since_feature",
)  # fmt: skip
_BASE_LIMITS = (-0.7, 16.0)
FLOOR = 0.5  # units that stand in for none, and for returns


def base_of(rows: Rows) -> np.ndarray:
    """(rows,) log units of the analogs: the trees learn what is left of them."""
    return np.clip(np.nan_to_num(rows.column(BASE)), *_BASE_LIMITS)


class Booster:
    """A fitted booster; `text` is LightGBM's own format, readable without anything of ours."""

    def __init__(self, text: str, threads: int = 1) -> None:
        import lightgbm  # 30 MB that a service without forecasts never loads

        self.text, self._threads = text, threads
        self._booster = lightgbm.Booster(model_str=text)

    def predict(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(self._booster.predict(values, num_threads=self._threads))


def percentage_inputs(rows: Rows) -> np.ndarray:
    return rows.values[:, [number for number, name in enumerate(rows.names) if name not in _LEFT_OUT]]


def store_inputs(rows: Rows, cells: ChainRows) -> np.ndarray:
    """(rows, columns): every column less its cell's mean, then the means of some."""
    apart = np.nan_to_num(percentage_inputs(rows)) - np.nan_to_num(
        cells.values[:, [number for number, name in enumerate(rows.names) if name not in _LEFT_OUT]]
    )[cells.cell].astype(np.float32)
    together = np.stack([cells.column(name) for name in _TOGETHER], axis=1)[cells.cell]
    return np.concatenate([apart, together.astype(np.float32), rows.values[:, [rows.names.index("product")]]], axis=1)


def fit_percentage(inputs: np.ndarray, base: np.ndarray, units: np.ndarray, age: np.ndarray, threads: int = 1) -> Booster:
    """L1 on log units over the analogs, weights 1/units: its optimum is the percentage error's. age: weeks before the last."""
    sold = np.maximum(units, FLOOR)
    weight = RECENCY**age / np.maximum(sold, 1.0)
    return _fit(inputs, np.log(sold) - base, weight, {"objective": "l1"}, threads)


def fit_stores(inputs: np.ndarray, deviation: np.ndarray, age: np.ndarray, threads: int = 1) -> Booster:
    """L2 on a store's log units less its chain's mean (less those of its analogs): the shared shock is out of it."""
    return _fit(inputs, deviation, RECENCY**age, {"objective": "l2"}, threads)


def _fit(inputs: np.ndarray, label: np.ndarray, weight: np.ndarray, aim: dict[str, Any], threads: int) -> Booster:
    import lightgbm

    smallest_leaf = int(np.clip(len(label) // 100, 20, MOST_IN_A_LEAF))
    parameters = PARAMETERS | aim | {"num_threads": threads, "min_data_in_leaf": smallest_leaf}
    data = lightgbm.Dataset(inputs, label, weight=weight / weight.mean(), params={"verbose": -1, "max_bin": 63})
    return Booster(lightgbm.train(parameters, data, ROUNDS).model_to_string(), threads)
