"""Eight weeks without promotion, hidden and then predicted: the baseline's benchmark against simple and published methods.

A window is hidden for the whole product at the retailer, so no other store gives it away; the model may look at both sides, as it
does for a promotion of the past. Peers see the same weeks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.holdout import hold_out, smearing_of
from ai.features.design import design_of
from ai.models.baseline import baseline_of
from ai.models.loglinear import fit_blocks

WEEKS = 8
FEWEST_BEFORE, FEWEST_AFTER = 30, 8
FEWEST_STORES = 5


@dataclass(frozen=True)
class QuietWindow:
    """Series numbers that were quiet in all eight week columns from `week`."""

    key: tuple[str, str]
    week: int
    series: np.ndarray


def quiet_eights(panel: Panel) -> list[QuietWindow]:
    """Non-overlapping windows per product, in which at least five stores sold quietly throughout."""
    blocks, _ = fit_blocks(panel)
    found = []
    for key, block in blocks.items():
        if block.refusal:
            continue
        series, week = block.block.series[block.modelled], FEWEST_BEFORE
        while week + WEEKS + FEWEST_AFTER <= panel.weeks:
            calm = panel.quiet[series, week : week + WEEKS].all(axis=1)
            if calm.sum() >= FEWEST_STORES:
                found.append(QuietWindow(key, week, series[calm]))
                week += WEEKS
            else:
                week += 1
    return found


def predict_windows(panel: Panel, windows: list[QuietWindow]) -> list[np.ndarray]:
    """(series, 8) units per window from models that have not seen its weeks, nor has their smearing; windows of the same weeks
    share a fit."""
    predicted: dict[int, np.ndarray] = {}
    for week in sorted({window.week for window in windows}):
        weeks = np.arange(week, week + WEEKS)
        hidden = np.isin(np.arange(panel.weeks), weeks)
        known = replace(panel, units=np.where(hidden, np.nan, panel.units))
        models, origin = fit_blocks(known, hidden)
        held = hold_out(known)
        smearing = dict(zip(held.keys, smearing_of(held.single, len(held.keys)), strict=False))
        for number, window in enumerate(windows):
            if window.week != week:
                continue
            block = models[window.key]
            design = design_of(known, block.block, block.usual_price, origin)
            rows = np.flatnonzero(np.isin(block.block.series, window.series))
            hide = np.broadcast_to(hidden, (len(block.block.series), panel.weeks))
            found = baseline_of(known, block, design, design.without_promotion(rows, weeks), rows, weeks, hide)
            predicted[number] = found.expected * smearing.get(window.key, 1.0)
    return [predicted[number] for number in range(len(windows))]
