"""Finds weeks far from what the fitted model says of them, and says whether the whole chain shares it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ai.data.panel import Panel
from ai.features.design import design_of
from ai.models.loglinear import BlockModel, LogLinearModel, residuals

Cause = Literal["chain_wide", "out_of_stock", "one_off_high", "one_off_low", "price_unusual"]
NEAR_WEEKS = 6  # on each side; their median is the level a week is held against
UNUSUAL = 4.5  # robust standard deviations
_FEWEST_NEAR = 5
_MAD_TO_SD = 1.4826
_SMALLEST_SD = 0.10
_CHAIN_SHARE = 0.5  # of the stores deviate the same way
_OUT_OF_STOCK = 0.25  # of the expected units or less
_PRICE_RANGE = (0.3, 1.7)  # of the regular price


@dataclass(frozen=True)
class Anomaly:
    """One series and week column: units sold, units expected, robust standard deviations between them on the log scale."""

    series: int
    week: int
    actual: float
    expected: float
    deviations: float
    cause: Cause


def find_anomalies(panel: Panel, model: LogLinearModel, series: np.ndarray, weeks: np.ndarray) -> list[Anomaly]:
    """Anomalies of `series` (numbers) in `weeks` (columns), the strangest first."""
    wanted = np.zeros(len(panel.series), dtype=bool)
    wanted[series] = True
    found: list[Anomaly] = []
    for block in model.blocks.values():
        if not block.refusal and wanted[block.block.series].any():
            found += _of_block(panel, model, block, wanted, weeks)
    return sorted(found, key=lambda one: -abs(one.deviations))


def _of_block(panel: Panel, model: LogLinearModel, block: BlockModel, wanted: np.ndarray, weeks: np.ndarray) -> list[Anomaly]:
    numbers = block.block.series
    left = residuals(panel, block, design_of(panel, block.block, block.usual_price, model.origin))
    near = _near_median(left)
    away = left - near
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series without enough weeks has no spread
        sd = np.maximum(_MAD_TO_SD * np.nanmedian(np.abs(away), axis=1), _SMALLEST_SD)
    z = away / sd[:, None]
    strange = (np.abs(np.nan_to_num(z)) > UNUSUAL) | (_price_is_odd(panel, numbers) & np.isfinite(away))
    sign = np.sign(np.nan_to_num(z))
    known = np.isfinite(z)
    together = (np.abs((sign * (np.abs(np.nan_to_num(z)) > UNUSUAL / 2)).sum(axis=0)) / np.maximum(known.sum(axis=0), 1)) >= (
        _CHAIN_SHARE
    )
    found = []
    for row, week in np.argwhere(strange):
        if not wanted[numbers[row]] or week not in weeks:
            continue
        actual = float(panel.units[numbers[row], week])
        expected = float(max(actual, 0.5) / np.exp(away[row, week]))
        shared = bool(together[week]) and known[:, week].sum() > 1
        cause = _cause(panel, int(numbers[row]), int(week), actual / expected, shared)
        found.append(Anomaly(int(numbers[row]), int(week), actual, expected, float(z[row, week]), cause))
    return found


def _near_median(left: np.ndarray) -> np.ndarray:
    """Median of the weeks around each week, itself left out; NaN where too few are known."""
    weeks = left.shape[1]
    near = np.full(left.shape, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for week in range(weeks):
            around = [w for w in range(max(0, week - NEAR_WEEKS), min(weeks, week + NEAR_WEEKS + 1)) if w != week]
            window = left[:, around]
            enough = np.isfinite(window).sum(axis=1) >= _FEWEST_NEAR
            near[:, week] = np.where(enough, np.nanmedian(window, axis=1), np.nan)
    return near


def _price_is_odd(panel: Panel, series: np.ndarray) -> np.ndarray:
    """(series, weeks) bool: so far from the regular price that a typing error is likelier than a promotion."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = panel.price[series] / panel.price_regular[series]
    return np.isfinite(relative) & ((relative < _PRICE_RANGE[0]) | (relative > _PRICE_RANGE[1]))


def _cause(panel: Panel, series: int, week: int, ratio: float, shared: bool) -> Cause:
    """The first that fits: a price that cannot be right, the whole chain, an empty shelf, else a single odd week."""
    if _price_is_odd(panel, np.array([series]))[0, week]:
        return "price_unusual"
    if shared:
        return "chain_wide"
    if ratio <= _OUT_OF_STOCK:
        return "out_of_stock"
    return "one_off_high" if ratio > 1 else "one_off_low"
