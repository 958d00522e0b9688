"""What a series had sold by the forecast origin: levels, last weeks, and how the chain stood."""

from __future__ import annotations

import warnings

import numpy as np

from ai.features.market import Market, decayed_mean, group_mean

_QUIET_DEPTH = 0.05


def slow_level(market: Market, origin: int) -> np.ndarray:
    """(series,) slowly decayed mean of log units up to `origin`; the anchor of the analogs."""
    return decayed_mean(market.log_units, origin, 0.97, 104)


def history_columns(market: Market, origin: int) -> dict[str, np.ndarray]:
    """(series,) each, from the weeks up to and including `origin` only."""
    units = market.log_units
    unknown = np.full(len(units), np.nan)
    columns = {f"units_{back}": units[:, origin - back] if origin >= back else unknown for back in range(4)}
    slow = slow_level(market, origin)
    year = decayed_mean(units, origin, 1.0, 26)
    promoted = (market.deal > 0) | (market.feature > 0) | (market.display > 0) | (market.depth > _QUIET_DEPTH)
    quiet = decayed_mean(np.where(promoted, np.nan, units), origin, 0.93, 52)
    of_store = decayed_mean(market.store_means, origin, 1.0, 26)
    of_store_now = decayed_mean(market.store_means, origin, 1.0, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series without sales has no spread
        spread = np.nanstd(units[:, max(0, origin - 25) : origin + 1], axis=1)
    return columns | {
        "level_8": decayed_mean(units, origin, 1.0, 8),
        "level_26": year,
        "level_fast": decayed_mean(units, origin, 0.9, 60),
        "level_slow": slow,
        "level_quiet": np.where(np.isnan(quiet), year, quiet),
        "spread_26": spread,
        "depth_at_origin": market.depth[:, origin],
        "deal_at_origin": market.deal[:, origin],
        "feature_at_origin": market.feature[:, origin],
        "store_now": (of_store_now - of_store)[market.store],
        "chain_at_origin": group_mean((units[:, origin] - slow)[:, None], market.product)[:, 0],
        "weeks_known": np.isfinite(units[:, : origin + 1]).sum(axis=1).astype(float),
    }
