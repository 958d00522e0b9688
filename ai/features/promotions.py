"""The product's own promotion in the same week: depth of the price cut, deal, feature, display."""

from __future__ import annotations

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block, Column, price_depth

# Mean and standard deviation of the coefficients before any sales are seen. Depth is a price elasticity: the mean of published
# ones is about -2.6 (Bijmolt et al. 2005). Who was never promoted so keeps these: `ai/models/effects.py` says where.
OWN_PRIORS = {
    "depth": (2.5, 1.5),
    "deal": (0.1, 0.3),
    "feature": (0.3, 0.4),
    "display": (0.3, 0.4),
    "feature_x_depth": (0.0, 1.0),
    "deal_x_depth": (0.0, 1.0),
    "regular_price": (-1.5, 1.0),
}


def own_promotion_columns(panel: Panel, block: Block) -> list[Column]:
    """What the product's own promotion was in each week."""
    series = block.series
    depth, deal = price_depth(panel, series), panel.deal[series]
    feature, display = panel.feature[series], panel.display[series]
    values = {
        "depth": depth,
        "deal": deal,
        "feature": feature,
        "display": display,
        "feature_x_depth": feature * depth,
        "deal_x_depth": deal * depth,
    }
    return [Column(name, column, *OWN_PRIORS[name]) for name, column in values.items()]


def regular_price_column(panel: Panel, block: Block, usual: np.ndarray) -> Column:
    """log(regular price / the series' usual one); `usual` is the mean log regular price per series."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.log(panel.price_regular[block.series]) - usual[:, None]
    return Column("regular_price", np.nan_to_num(relative, nan=0.0, posinf=0.0, neginf=0.0), *OWN_PRIORS["regular_price"])


def usual_log_price(panel: Panel, series: np.ndarray) -> np.ndarray:
    """Mean log regular price per series, 0 where none is known."""
    known = np.isfinite(panel.price_regular[series]) & (panel.price_regular[series] > 0)
    logs = np.where(known, np.log(np.where(known, panel.price_regular[series], 1.0)), 0.0)
    return logs.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
