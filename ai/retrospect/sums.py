"""Forecasts of several series added up, with bands that are neither those of one shock nor those of many.

Stores of one product share part of what a forecast misses (measured on hidden weeks: `shared`), the rest and other products
are taken as independent. With half-widths h of the stores' bands, on each side of the median:

    half-width of a product = sqrt(shared * (sum h)^2 + (1 - shared) * sum h^2);  of several products = root of the sum of squares
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARED_UNKNOWN = 0.5  # where nothing was measured


@dataclass(frozen=True)
class Summed:
    """(weeks,) units by what was asked for and (weeks, 7) quantiles, ascending, none negative."""

    units: np.ndarray
    quantiles: np.ndarray


def summed(points: np.ndarray, means: np.ndarray, quantiles: np.ndarray, product: np.ndarray, shared: float) -> Summed:
    """Of points and mean units (series, weeks), quantiles (series, weeks, 7); `product` (series,) says which belong together."""
    middle = quantiles.shape[-1] // 2
    half = np.abs(quantiles - quantiles[..., [middle]])
    squares = np.zeros(half.shape[1:])
    for number in np.unique(product):
        mine = half[product == number]
        squares += shared * mine.sum(axis=0) ** 2 + (1 - shared) * (mine**2).sum(axis=0)
    wide = np.sqrt(squares)
    # The median of a sum of skewed amounts lies between the sum of their medians and the sum of their means.
    medians = quantiles[..., middle].sum(axis=0)
    centre = medians if len(points) == 1 else (medians + means.sum(axis=0)) / 2
    sign = np.sign(np.arange(quantiles.shape[-1]) - middle)
    found = np.maximum(centre[:, None] + sign * wide, 0.0)
    return Summed(points.sum(axis=0), np.maximum.accumulate(found, axis=1))


def shared_of(metrics: dict[str, object]) -> float:
    """The share of the unexplained variance that all stores of a product have in common, as the training measured it."""
    found = metrics.get("shared_share_of_variance")
    return float(found) if isinstance(found, int | float) else SHARED_UNKNOWN
