"""What is left of earlier promotions: stocked-up shoppers buy less (or loyal ones more) in the weeks after."""

from __future__ import annotations

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block, Column, price_depth

# Weeks after a promotion that share a coefficient.
LAG_GROUPS = ((1, 1), (2, 2), (3, 4), (5, 6))
LONGEST_LAG = LAG_GROUPS[-1][1]


def lagged(values: np.ndarray, weeks: int) -> np.ndarray:
    """`values` moved `weeks` to the right, zero before the data starts."""
    moved = np.zeros_like(values)
    moved[:, weeks:] = values[:, : values.shape[1] - weeks]
    return moved


def promotion_traces(panel: Panel, block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Depth of the price cut (not below zero) and feature share: what later weeks remember."""
    return np.maximum(price_depth(panel, block.series), 0.0), panel.feature[block.series]


def lag_columns(depth: np.ndarray, feature: np.ndarray) -> list[Column]:
    """One column per trace and lag group, the mean over the group's weeks."""
    columns = []
    for name, values in (("depth", depth), ("feature", feature)):
        for first, last in LAG_GROUPS:
            group = [lagged(values, weeks) for weeks in range(first, last + 1) if weeks < values.shape[1]]
            mean = np.mean(group, axis=0) if group else np.zeros_like(values)
            columns.append(Column(f"after_{name}_{first}", mean, 0.0, 0.3))
    return columns
