"""A column of the design, and the block of series that one set of coefficients explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel

# A price at most a fifth of the regular one, and at most a third above it: beyond that it is a data error.
DEPTH_LIMITS = (-0.3, 1.6)


@dataclass(frozen=True)
class Column:
    """Values (series, weeks), NaN-free, with a normal prior on the coefficient in log units per unit of value."""

    name: str
    values: np.ndarray
    prior_mean: float
    prior_sd: float


@dataclass(frozen=True)
class Block:
    """All series of one product at one retailer; rivals hold series numbers aligned with `series`, -1 if absent."""

    product_id: str
    chain_id: str
    category_id: str
    series: np.ndarray
    rivals: tuple[tuple[str, np.ndarray], ...] = ()
    brand_id: str = ""  # empty where the tree has no brand between category and product

    @property
    def key(self) -> tuple[str, str]:
        return (self.product_id, self.chain_id)


def price_depth(panel: Panel, series: np.ndarray) -> np.ndarray:
    """log(regular / paid): 0 at the regular price, 0.29 at 25 % off; 0 where a price is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.log(panel.price_regular[series] / panel.price[series])
    return np.clip(np.nan_to_num(depth, nan=0.0, posinf=0.0, neginf=0.0), *DEPTH_LIMITS)
