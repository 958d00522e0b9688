"""What a promotion took from, or drew to, other products of the category at the same customers in the same weeks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ai.data.means import known_mean
from ai.data.panel import Panel
from ai.features.columns import price_depth
from ai.models.loglinear import BlockModel, LogLinearModel


@dataclass(frozen=True)
class SisterEffect:
    """Units of one other product: negative were taken from it (cannibalised), positive drawn to it (halo)."""

    product_id: str
    units: float
    variance: float
    weekly: tuple[float, ...] = ()  # units of each of the promotion's weeks
    price_regular: float = math.nan  # per unit, as the cost: means over these weeks, weighted by units; NaN where unknown
    cost_regular: float = math.nan


def sister_effects(
    panel: Panel, model: LogLinearModel, product_ids: set[str], customers: set[str], weeks: np.ndarray
) -> list[SisterEffect]:
    """Actual units of the sisters less what they would have been without the promotion's depth and feature.

    weeks: the promotion's week columns. Only sisters of which the promoted product is a modelled rival are seen.
    """
    found = []
    for block in model.blocks.values():
        if block.refusal or block.block.product_id in product_ids:
            continue
        effect = _effect(panel, block, product_ids, customers, weeks)
        if effect is not None:
            found.append(effect)
    return found


def _effect(
    panel: Panel, block: BlockModel, product_ids: set[str], customers: set[str], weeks: np.ndarray
) -> SisterEffect | None:
    wanted = np.array([panel.series[number][0] in customers for number in block.block.series], dtype=bool)
    rows = np.flatnonzero(wanted & block.modelled)
    names = {name: number for number, name in enumerate(block.names)}
    columns: list[tuple[int, np.ndarray]] = []
    for rival, aligned in block.block.rivals:
        if rival not in product_ids or not len(rows):
            continue
        there = (aligned[rows] >= 0)[:, None]
        series = np.maximum(aligned[rows], 0)
        columns.append((names[f"rival_depth:{rival}"], np.where(there, price_depth(panel, series)[:, weeks], 0.0)))
        columns.append((names[f"rival_feature:{rival}"], np.where(there, panel.feature[np.ix_(series, weeks)], 0.0)))
    if not columns:
        return None
    chosen = np.array([number for number, _ in columns])
    traits = np.stack([values for _, values in columns], axis=-1)
    change = traits @ block.fit.coefficients[chosen]
    units = np.maximum(np.nan_to_num(panel.units[np.ix_(block.block.series[rows], weeks)]), 0.0)
    gradient = np.einsum("rw,rwk->k", units * np.exp(-change), traits)
    variance = float(gradient @ block.fit.covariance[np.ix_(chosen, chosen)] @ gradient)
    weekly = (units * -np.expm1(-change)).sum(axis=0)
    cells = np.ix_(block.block.series[rows], weeks)
    return SisterEffect(
        product_id=block.block.product_id,
        units=float(weekly.sum()),
        variance=max(variance, 0.0),
        weekly=tuple(weekly.tolist()),
        price_regular=known_mean(panel.price_regular[cells], units),
        cost_regular=known_mean(panel.cost_regular[cells], units),
    )
