"""Promotions of other products of the category at the same customer in the same week."""

from __future__ import annotations

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block, Column, price_depth

MOST_RIVALS = 10


def rival_columns(panel: Panel, block: Block) -> list[Column]:
    """Depth and feature of each rival, zero where the customer does not carry it."""
    columns = []
    for product_id, series in block.rivals:
        present = (series >= 0)[:, None]
        depth = np.where(present, price_depth(panel, np.maximum(series, 0)), 0.0)
        feature = np.where(present, panel.feature[np.maximum(series, 0)], 0.0)
        columns.append(Column(f"rival_depth:{product_id}", depth, 0.0, 0.3))
        columns.append(Column(f"rival_feature:{product_id}", feature, 0.0, 0.1))
    return columns


def largest_rivals(
    panel: Panel, product_id: str, candidates: list[str], customer_ids: list[str]
) -> tuple[tuple[str, np.ndarray], ...]:
    """The up to ten candidates that sell most, with their series at each customer."""
    found: list[tuple[float, str, np.ndarray]] = []
    for other in candidates:
        if other == product_id:
            continue
        series = np.array([panel.index.get((customer, other), -1) for customer in customer_ids])
        if (series >= 0).any():
            volume = float(np.nansum(panel.units[series[series >= 0]]))
            found.append((volume, other, series))
    found.sort(key=lambda item: (-item[0], item[1]))
    return tuple((other, series) for _, other, series in found[:MOST_RIVALS])
