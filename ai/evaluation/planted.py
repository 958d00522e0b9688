"""Promotions with a known effect, planted into real quiet weeks: how well the model finds it again."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.holdout import calibration_of, hold_out, smearing_of
from ai.evaluation.placebo import quiet_windows, window_promotion
from ai.models.loglinear import LogLinearModel, fit_blocks
from ai.models.totals import quantiles
from ai.models.uplift import Refused, UpliftModel

PLANTED_WEEKS = 2
DIP_WEEKS = 2
SHARE, CUT = 0.15, 0.2  # of the quiet windows; of the regular price
Window = tuple[str, int, tuple[str, ...]]  # product, first week column, stores


@dataclass(frozen=True)
class Planted:
    """Shares; incremental error is of the true incremental units of each promotion, dip of all together."""

    count: int
    true_uplift: float
    found_uplift: float
    median_absolute_error: float
    inside80: float
    true_dip_share: float
    found_dip_share: float


def planted_windows(panel: Panel, model: LogLinearModel, seed: int, share: float = SHARE) -> list[Window]:
    """A random share of the quiet windows, in order."""
    windows = quiet_windows(panel, model, PLANTED_WEEKS)
    chosen = np.random.default_rng(seed).permutation(len(windows))[: max(1, int(share * len(windows)))]
    return [windows[number] for number in sorted(chosen)]


def plant(panel: Panel, windows: list[Window], uplift: float, dip: float, cut: float = CUT) -> Panel:
    """A copy of `panel` with a price cut, a deal flag, units times `uplift`, and units times `dip` after."""
    planted = copy.copy(panel)
    for name in ("units", "price", "deal", "promoted"):
        setattr(planted, name, getattr(panel, name).copy())
    for product_id, week, stores in windows:
        rows = np.array([panel.index[(store, product_id)] for store in stores])
        during = np.ix_(rows, np.arange(week, week + PLANTED_WEEKS))
        after = np.ix_(rows, np.arange(week + PLANTED_WEEKS, min(week + PLANTED_WEEKS + DIP_WEEKS, panel.weeks)))
        planted.units[during] *= uplift
        planted.units[after] *= dip
        planted.price[during] = planted.price_regular[during] * (1 - cut)
        planted.deal[during] = 1.0
        planted.promoted[during] = True
    return planted


def planted_test(
    panel: Panel, model: LogLinearModel, seed: int, uplift: float = 2.0, dip: float = 0.9, share: float = SHARE
) -> Planted:
    """Plants into a random share of the quiet windows, fits again, and compares what is found with what was planted.

    All that answers is learned from the planted sales, as with the peers: coefficients, smearing and the bands' quantiles.
    `model` says which windows were quiet.
    """
    windows = planted_windows(panel, model, seed, share)
    planted = plant(panel, windows, uplift, dip)
    fitted, origin = fit_blocks(planted)
    held = hold_out(planted)
    smearing = smearing_of(held.single, max(len(held.keys), len(fitted)))
    blocks = {key: replace(block, smearing=float(smearing[n])) for n, (key, block) in enumerate(fitted.items())}
    calibration = calibration_of(held, smearing)
    answers = UpliftModel(planted, replace(model, blocks=blocks, origin=origin, calibration=calibration))
    truth, found, inside, true_dip, found_dip = [], [], [], 0.0, 0.0
    for product_id, week, stores in windows:
        rows = np.array([panel.index[(store, product_id)] for store in stores])
        during = np.ix_(rows, np.arange(week, week + PLANTED_WEEKS))
        after = np.ix_(rows, np.arange(week + PLANTED_WEEKS, min(week + PLANTED_WEEKS + DIP_WEEKS, panel.weeks)))
        try:
            answer = answers.uplift(window_promotion(planted, "planted", product_id, week, PLANTED_WEEKS, stores))
        except Refused:
            continue
        planted_units = float((planted.units[during] - panel.units[during]).sum())
        ends = quantiles(answer.baseline, calibration)
        truth.append(planted_units)
        found.append(answer.actual - answer.baseline.expected)
        inside.append(answer.actual - ends[4] <= planted_units <= answer.actual - ends[1])
        true_dip += float(np.nansum(panel.units[after])) * (dip - 1)
        found_dip += answer.dip.mean
    true_units, found_units = np.array(truth), np.array(found)
    base = true_units.sum() / (uplift - 1)
    return Planted(
        count=len(true_units),
        true_uplift=uplift - 1,
        found_uplift=float(found_units.sum() / base),
        median_absolute_error=float(np.median(np.abs(found_units / true_units - 1))),
        inside80=float(np.mean(inside)),
        true_dip_share=true_dip / float(true_units.sum()),
        found_dip_share=found_dip / float(true_units.sum()),
    )
