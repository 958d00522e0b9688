"""Weeks of the past that were promoted like the week to come: what the series, and the chain, sold in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.features.history import slow_level
from ai.features.market import Market

REACH = 104
_WORTH_OF_THE_CHAIN = 0.5  # the chain's analogs count as this many own weeks


@dataclass(frozen=True)
class Likeness:
    """Widths over which likeness falls to 1/e (log price, feature share), the factor for another deal flag, the decay a week."""

    price: float
    feature: float
    other_deal: float
    decay: float


LIKENESSES = {
    "near": Likeness(0.05, 0.25, 0.3, 0.97),
    "loose": Likeness(0.10, 0.50, 0.6, 0.93),
    "strict": Likeness(0.03, 0.15, 0.1, 0.99),
}


def analog_columns(market: Market, relative_price: np.ndarray, origin: int, target: int) -> dict[str, np.ndarray]:
    """(series,) each: analog log units, how many weeks stand behind them, and the chain's part.

    relative_price: (series, weeks) log price against its past mean, known up to `target`; sales up to `origin` only.
    """
    weeks = np.arange(max(0, origin - REACH + 1), origin + 1)
    level = slow_level(market, origin)
    units = market.log_units[:, weeks]
    known = np.isfinite(units)
    above = np.where(known, units - level[:, None], 0.0)
    price_gap = np.abs(relative_price[:, weeks] - relative_price[:, [target]])
    feature_gap = np.abs(market.feature[:, weeks] - market.feature[:, [target]])
    same_deal = (market.deal[:, weeks] > 0) == (market.deal[:, [target]] > 0)
    columns: dict[str, np.ndarray] = {}
    for name, like in LIKENESSES.items():
        weight = np.exp(-price_gap / like.price - feature_gap / like.feature)
        weight *= np.where(same_deal, 1.0, like.other_deal) * like.decay ** (target - weeks) * known
        found, support = (weight * above).sum(axis=1), weight.sum(axis=1)
        chain_support = np.bincount(market.product, support)
        chain = (np.bincount(market.product, found) / np.maximum(chain_support, 1e-9))[market.product]
        columns |= {
            f"analog_{name}": (found + _WORTH_OF_THE_CHAIN * chain) / (support + _WORTH_OF_THE_CHAIN) + level,
            f"support_{name}": support,
            f"chain_{name}": chain,
        }
    return columns
