"""Gradient-boosted trees (LightGBM) on what the analogs leave over, with weights or a loss for the aim asked for."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ai.features.forecast_rows import BASE, Rows

Aim = Literal["mape", "mean"]
ROUNDS = 200
RECENCY = {"mape": 0.985, "mean": 0.99}
PARAMETERS = {
    "learning_rate": 0.1, "num_leaves": 15, "min_data_in_leaf": 200, "feature_fraction": 0.4, "bagging_fraction": 0.6,
    "bagging_freq": 1, "lambda_l2": 1.0, "max_bin": 127, "verbose": -1, "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
_BASE_LIMITS = (-0.7, 16.0)


def _base(rows: Rows) -> np.ndarray:
    return np.clip(np.nan_to_num(rows.column(BASE)), *_BASE_LIMITS)


class Trees:
    """A fitted booster; `text` is LightGBM's own format, readable without anything of ours."""

    def __init__(self, text: str, aim: Aim, threads: int = 1) -> None:
        import lightgbm  # 30 MB that a service without forecasts never loads

        self.text, self.aim, self._threads = text, aim, threads
        self._booster = lightgbm.Booster(model_str=text)

    def log_units(self, rows: Rows) -> np.ndarray:
        """(rows,) log units."""
        found = np.asarray(self._booster.predict(rows.values, num_threads=self._threads))
        return _base(rows) + (np.log(np.maximum(found, 1e-3)) if self.aim == "mean" else found)


def fit_trees(rows: Rows, units: np.ndarray, last: int, aim: Aim, threads: int = 1) -> Trees:
    """Fits rows with known `units`.

    mape: L1 on log units with weights 1/units, whose optimum is that of the percentage error; mean: Poisson on
    units over the analogs' units, weighted by their square root.
    """
    import lightgbm

    base, sold = _base(rows), np.maximum(units, 0.5)
    weight = RECENCY[aim] ** (last - rows.target)
    if aim == "mape":
        label, weight, objective = np.log(sold) - base, weight / np.maximum(sold, 1.0), "l1"
    else:
        label, weight, objective = np.minimum(sold / np.exp(base), 200.0), weight * np.exp(0.5 * base), "poisson"
    smallest_leaf = int(np.clip(len(label) // 100, 20, PARAMETERS["min_data_in_leaf"]))
    parameters = PARAMETERS | {"objective": objective, "num_threads": threads, "min_data_in_leaf": smallest_leaf}
    data = lightgbm.Dataset(rows.values, label, weight=weight / weight.mean(), params={"verbose": -1, "max_bin": 127})
    return Trees(lightgbm.train(parameters, data, ROUNDS).model_to_string(), aim, threads)
