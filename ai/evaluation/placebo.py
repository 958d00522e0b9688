"""Promotions that never were, on quiet weeks: what a sound model finds there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.models.loglinear import LogLinearModel
from ai.models.totals import quantiles
from ai.models.uplift import Promotion, Refused, UpliftModel

PLACEBO_WEEKS = 2
FEWEST_STORES_SHARE = 0.5


@dataclass(frozen=True)
class Placebo:
    """Shares of units: mean effect over all placebos, its spread, and how often a band left out zero."""

    count: int
    mean_effect: float
    median_absolute_effect: float
    outside80: float
    outside95: float


def quiet_windows(panel: Panel, model: LogLinearModel, weeks: int) -> list[tuple[str, int, tuple[str, ...]]]:
    """Non-overlapping windows (product, first week column, customers quiet throughout) with half the stores."""
    found = []
    for (product_id, _), block in model.blocks.items():
        if block.refusal:
            continue
        quiet = panel.quiet[block.block.series]
        week = 0
        while week + weeks <= panel.weeks:
            calm = quiet[:, week : week + weeks].all(axis=1)
            if calm.sum() >= max(1, FEWEST_STORES_SHARE * len(calm)):
                stores = tuple(panel.series[number][0] for number in block.block.series[calm])
                found.append((product_id, week, stores))
                week += weeks
            else:
                week += 1
    return found


def window_promotion(panel: Panel, name: str, product_id: str, week: int, weeks: int, stores: tuple[str, ...]) -> Promotion:
    start = monday_of(panel.first_week + week)
    return Promotion(name, stores, (product_id,), start, start + timedelta(days=7 * weeks - 1))


def placebo_test(panel: Panel, model: LogLinearModel) -> Placebo:
    """Takes every quiet window apart as if it had been a promotion."""
    answers = UpliftModel(panel, model)
    actual, expected, outside80, outside95 = [], [], [], []
    for product_id, week, stores in quiet_windows(panel, model, PLACEBO_WEEKS):
        try:
            found = answers.uplift(window_promotion(panel, "placebo", product_id, week, PLACEBO_WEEKS, stores))
        except Refused:
            continue
        ends = quantiles(found.baseline, model.calibration)
        actual.append(found.actual)
        expected.append(found.baseline.expected)
        outside80.append(not ends[1] <= found.actual <= ends[4])
        outside95.append(not ends[0] <= found.actual <= ends[5])
    sold, base = np.array(actual), np.array(expected)
    return Placebo(
        count=len(sold),
        mean_effect=float(sold.sum() / base.sum() - 1),
        median_absolute_effect=float(np.median(np.abs(sold / base - 1))),
        outside80=float(np.mean(outside80)),
        outside95=float(np.mean(outside95)),
    )
