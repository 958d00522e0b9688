"""What is known of a week before it comes: its own price and promotion, those of rivals, and the weeks before it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ai.features.market import Market, group_mean, lagged, past_mean
from ai.features.rhythm import rhythm_columns


def planned_columns(market: Market) -> dict[str, np.ndarray]:
    """(series, weeks) each: prices and promotions up to and including the week; no sales."""
    return {name: values.astype(np.float32) for name, values in _columns(market)}


def _columns(market: Market) -> Iterator[tuple[str, np.ndarray]]:
    """One after the other: all of them at full precision would be the largest thing in memory."""
    price, depth = market.price_filled, market.depth
    featured, on_deal = (market.feature > 0).astype(float), (market.deal > 0).astype(float)
    against = {weeks: np.nan_to_num(price - past_mean(market.log_price, weeks)) for weeks in (8, 26)}
    yield "price", price
    yield "price_vs_8", against[8]
    yield "price_vs_26", against[26]
    yield "price_change_1", price - lagged(price, 1)
    yield "price_change_2", price - lagged(price, 2)
    yield "depth", depth
    yield "deal", market.deal
    yield "feature", market.feature
    yield "display", market.display
    yield "deal_mean_8", past_mean(market.deal, 8)
    yield "feature_mean_8", past_mean(market.feature, 8)
    yield "depth_mean_8", past_mean(depth, 8)
    yield "rival_depth", _of_rivals(depth, market.shelf)
    yield "rival_price_vs_26", _of_rivals(against[26], market.shelf)
    yield "rival_feature", _of_rivals(featured, market.shelf)
    yield "rival_deal", _of_rivals(on_deal, market.shelf)
    yield "rival_deepest", _highest_of_rivals(depth, market.shelf)
    yield "price_vs_chain", np.nan_to_num(market.log_price - group_mean(market.log_price, market.product))
    yield "chain_feature", group_mean(featured, market.product)
    yield "chain_deal", group_mean(on_deal, market.product)
    yield "chain_depth", group_mean(depth, market.product)
    yield from rhythm_columns(market)
    for weeks in (1, 2, 3):
        yield f"deal_{weeks}", lagged(market.deal, weeks)
        yield f"feature_{weeks}", lagged(market.feature, weeks)
        yield f"depth_{weeks}", lagged(depth, weeks)


def _of_rivals(values: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    """Mean over the other series of the same shelf; 0 where a series stands alone."""
    members = np.bincount(shelf)
    total = np.zeros((len(members), values.shape[1]))
    np.add.at(total, shelf, values)
    return (total[shelf] - values) / np.maximum(members[shelf] - 1, 1)[:, None]


def _highest_of_rivals(values: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    """Highest value among the other series of the same shelf; 0 where a series stands alone."""
    shelves = int(shelf.max()) + 1
    first, second = np.zeros((shelves, values.shape[1])), np.zeros((shelves, values.shape[1]))
    for row, place in enumerate(shelf):
        second[place] = np.maximum(second[place], np.minimum(values[row], first[place]))
        first[place] = np.maximum(first[place], values[row])
    return np.where(values >= first[shelf], second[shelf], first[shelf])
