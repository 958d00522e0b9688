"""Promotions that never were, on quiet weeks: what a sound model finds there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.models.loglinear import LogLinearModel
from ai.models.placebos import LENGTHS, Placebos
from ai.models.totals import Total, quantiles, strayed
from ai.models.uplift import Promotion, Refused, UpliftModel

PLACEBO_WEEKS = 2
FEWEST_STORES_SHARE = 0.5
MOST_OF_A_LENGTH = 120  # placebos tried in a training; more would make it slower, not surer
LEVEL = 0.05


@dataclass(frozen=True)
class Placebo:
    """Shares of units: mean effect over all placebos, its spread, how often a band left out zero, and how often p < 5 %.

    A placebo's p-value rests on the placebos that share no week with it.
    """

    count: int
    mean_effect: float
    median_absolute_effect: float
    outside80: float
    outside95: float
    judged: int
    rejected: float


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


def _taken_apart(
    panel: Panel, answers: UpliftModel, windows: list[tuple[str, int, tuple[str, ...]]], weeks: int
) -> list[tuple[int, float, Total]]:
    """(first week column, actual units, baseline) of every window that is not refused."""
    found = []
    for product_id, week, stores in windows:
        try:
            one = answers.placebo(window_promotion(panel, "placebo", product_id, week, weeks, stores))
        except Refused:
            continue
        found.append((week, one.actual, one.baseline))
    return found


def measure_placebos(panel: Panel, model: LogLinearModel, most: int = MOST_OF_A_LENGTH) -> Placebos:
    """What quiet windows of several lengths stray, a random `most` of each: a promotion's p-value is its rank among them."""
    answers, rng = UpliftModel(panel, model), np.random.default_rng(1)
    entries: list[tuple[int, int, float]] = []
    for weeks in LENGTHS:
        windows = quiet_windows(panel, model, weeks)
        chosen = np.sort(rng.permutation(len(windows))[:most])
        for week, actual, baseline in _taken_apart(panel, answers, [windows[number] for number in chosen], weeks):
            entries.append((weeks, panel.first_week + week, strayed(actual, baseline)))
    table = np.array([entry for entry in entries if np.isfinite(entry[2])]).reshape(-1, 3)
    return Placebos(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2])


def placebo_test(panel: Panel, model: LogLinearModel) -> Placebo:
    """Takes every quiet window apart as if it had been a promotion."""
    windows = quiet_windows(panel, model, PLACEBO_WEEKS)
    actual, expected, outside80, outside95, p_values = [], [], [], [], []
    for week, units, baseline in _taken_apart(panel, UpliftModel(panel, model), windows, PLACEBO_WEEKS):
        ends = quantiles(baseline, model.calibration)
        actual.append(units)
        expected.append(baseline.expected)
        outside80.append(not ends[1] <= units <= ends[4])
        outside95.append(not ends[0] <= units <= ends[5])
        others = model.placebos.apart_from(panel.first_week + week, PLACEBO_WEEKS)
        p_values.append(others.p_value(strayed(units, baseline), PLACEBO_WEEKS))
    sold, base = np.array(actual), np.array(expected)
    judged = np.array([value for value in p_values if value is not None])
    return Placebo(
        count=len(sold),
        mean_effect=float(sold.sum() / base.sum() - 1),
        median_absolute_effect=float(np.median(np.abs(sold / base - 1))),
        outside80=float(np.mean(outside80)),
        outside95=float(np.mean(outside95)),
        judged=len(judged),
        rejected=float(np.mean(judged <= LEVEL)) if len(judged) else float("nan"),
    )
