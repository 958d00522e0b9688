"""Means of figures that are not all known."""

from __future__ import annotations

import numpy as np


def known_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean of the known values, NaN when there is none with a weight."""
    usable = np.isfinite(values) & (weights > 0)
    used = weights[usable]
    return float(values[usable] @ used / used.sum()) if len(used) else float("nan")


def last_known(values: np.ndarray) -> np.ndarray:
    """(series,) the last known value of each row, NaN where there is none."""
    known = np.isfinite(values)
    last = values.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.where(known.any(axis=1), values[np.arange(len(values)), last], np.nan)
