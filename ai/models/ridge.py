"""A log-linear forecast per product and retailer: ridge regression on plan, rivals, season and smooth random features.

log units[s, t] = a[s] + x[s, t] . b, weighted by recency and by units^-power (power 1 fits the percentage error, 0 the log).
The last residuals are carried forward, those of the chain fading sooner than those of a store. Random cosine features stand in
for a Gaussian kernel (Rahimi and Recht 2007), so that effects may bend.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from ai.data.weeks import WEEKS_A_YEAR
from ai.features.columns import Block
from ai.features.forecast_rows import ForecastRows
from ai.features.market import SMALLEST_UNITS, decayed_mean

OWN = (
    "price_vs_8", "price_vs_26", "depth", "deal", "feature", "display", "deal_1", "feature_1", "depth_1", "depth_2",
    "depth_mean_8", "feature_mean_8", "rival_depth", "rival_feature", "rival_deepest", "rival_deal", "rival_price_vs_26",
    "chain_feature", "chain_depth", "price_vs_chain",
)  # fmt: skip
BENT = (
    "price", "featured", "price_vs_8", "price_vs_26", "depth", "deal", "feature", "depth_1", "feature_1", "deal_1",
    "rival_depth", "rival_feature", "rival_deepest", "since_any_feature", "run_deal", "run_feature", "rival_push",
    "shelf_push_1", "vs_lowest_26",
)  # fmt: skip
OWN_PENALTY, CROSS_PENALTY, SEASON_PENALTY, BENT_PENALTY = 3.0, 100.0, 30.0, 60.0
BENT_FEATURES, BENT_WIDTH = 60, 2.5
RECENCY = 0.995
MOST_SERIES = 400  # of a product that its coefficients are learned from
CHAIN_CARRIED, CHAIN_FADES, CHAIN_MEMORY = 0.45, 0.85, 0.7
STORE_CARRIED, STORE_FADES, STORE_MEMORY = 0.84, 0.985, 0.9
_SHORT_SERIES = 2.0  # weeks that the product's mean counts in a series' intercept
_CHUNK = 400
_SMALLEST_SPREAD = 1e-5


@dataclass(frozen=True)
class BlockRidge:
    """Coefficients of one block, in the order of `_design`; standardisation of the bent columns; intercepts by series."""

    coefficients: np.ndarray
    bent_mean: np.ndarray
    bent_sd: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def unknown(cls) -> BlockRidge:
        """Of a block that was not there when the model was fitted: it says nothing (NaN)."""
        return cls(np.zeros(0), np.zeros(len(BENT)), np.ones(len(BENT)), np.zeros(0))


@dataclass(frozen=True)
class Ridge:
    """usual: (series,) mean log price; last: the last week column that was looked at."""

    usual: np.ndarray
    last: int
    blocks: list[BlockRidge]


def _random_features(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Directions and phases, the same whenever this block is met."""
    rng = np.random.default_rng(zlib.crc32("/".join(block.key).encode()))
    return rng.normal(0, 1 / BENT_WIDTH, (len(BENT), BENT_FEATURES)), rng.uniform(0, 2 * np.pi, BENT_FEATURES)


def _bent_inputs(rows: ForecastRows, series: np.ndarray, usual: np.ndarray) -> np.ndarray:
    market = rows.market
    known = {"price": market.price_filled[series] - usual[series][:, None], "featured": market.feature[series] > 0}
    return np.nan_to_num(
        np.stack([known[name] if name in known else rows.planned[name][series] for name in BENT], axis=-1).astype(float)
    )


def _design(rows: ForecastRows, block: Block, part: np.ndarray, usual: np.ndarray, last: int, bent: tuple) -> np.ndarray:
    """(series of `part`, weeks, columns); part indexes block.series."""
    market, series = rows.market, block.series[part]
    weeks = market.first_week + np.arange(market.weeks)
    shape = (len(series), market.weeks)
    columns = [market.price_filled[series] - usual[series][:, None]]
    columns += [rows.planned[name][series] for name in OWN]
    depth, featured = rows.planned["depth"][series], market.feature[series] > 0
    columns += [featured, depth * featured, depth * market.deal[series]]
    for _, aligned in block.rivals:
        rival, there = np.maximum(aligned[part], 0), (aligned[part] >= 0)[:, None]
        columns += [np.where(there, market.price_filled[rival] - usual[rival][:, None], 0.0), there * market.feature[rival]]
    for harmonic in (1, 2):
        angle = 2 * np.pi * harmonic * weeks / WEEKS_A_YEAR
        columns += [np.broadcast_to(np.sin(angle), shape), np.broadcast_to(np.cos(angle), shape)]
    trend = np.minimum(np.arange(market.weeks) - last, 13) / 52
    columns.append(np.broadcast_to(trend, shape))
    mean, sd = bent
    directions, phases = _random_features(block)
    angles = ((_bent_inputs(rows, series, usual) - mean) / sd) @ directions + phases
    linear = np.nan_to_num(np.stack(columns, axis=-1))
    return np.concatenate([linear, np.cos(angles)], axis=-1)


def _penalties(rivals: int) -> np.ndarray:
    own = [OWN_PENALTY] * (1 + len(OWN) + 3)
    return np.array(own + [CROSS_PENALTY] * (2 * rivals) + [SEASON_PENALTY] * 5 + [BENT_PENALTY] * BENT_FEATURES)


def fit_ridge(rows: ForecastRows, last: int, power: float) -> Ridge:
    """Fits all blocks on the weeks up to column `last`."""
    price = rows.market.log_price[:, : last + 1]
    known = np.isfinite(price)
    usual = np.where(known, price, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    blocks = [_fit_block(rows, block, usual, last, power) for block in rows.market.blocks]
    return Ridge(usual, last, blocks)


def _fit_block(rows: ForecastRows, block: Block, usual: np.ndarray, last: int, power: float) -> BlockRidge:
    market = rows.market
    everyone = np.arange(len(block.series))
    part = everyone
    if len(part) > MOST_SERIES:
        part = np.sort(np.random.default_rng(1).choice(part, MOST_SERIES, replace=False))
    used = market.known[block.series[part]].copy()
    used[:, last + 1 :] = False
    inputs = _bent_inputs(rows, block.series[part], usual)[used]
    bent = (inputs.mean(axis=0), inputs.std(axis=0) + 1e-6) if len(inputs) else (np.zeros(len(BENT)), np.ones(len(BENT)))
    x = _design(rows, block, part, usual, last, bent)
    penalties = _penalties(len(block.rivals))
    if not used.any():
        return BlockRidge(np.zeros(len(penalties)), bent[0], bent[1], np.zeros(len(block.series)))
    coefficients = _solve(x, market.log_units[block.series[part]], used, last, power, penalties)
    intercepts = np.empty(len(everyone))
    for start in range(0, len(everyone), _CHUNK):
        chunk = everyone[start : start + _CHUNK]
        values = x if part is everyone and len(everyone) <= _CHUNK else _design(rows, block, chunk, usual, last, bent)
        left = market.log_units[block.series[chunk]][:, : last + 1] - (values @ coefficients)[:, : last + 1]
        weight = _weights(market.log_units[block.series[chunk]][:, : last + 1], np.isfinite(left), last, power)
        total = weight.sum(axis=1)
        intercepts[chunk] = np.where(total > 0, (weight * np.nan_to_num(left)).sum(axis=1) / np.maximum(total, 1e-9), np.nan)
    typical = float(np.nanmean(intercepts))
    weeks = market.known[block.series][:, : last + 1].sum(axis=1)
    trust = weeks / (weeks + _SHORT_SERIES)
    return BlockRidge(coefficients, bent[0], bent[1], trust * np.nan_to_num(intercepts) + (1 - trust) * typical)


def _weights(log_units: np.ndarray, used: np.ndarray, last: int, power: float) -> np.ndarray:
    recency = RECENCY ** np.maximum(last - np.arange(used.shape[1]), 0)
    return recency * used * np.exp(-power * np.maximum(np.nan_to_num(log_units), 0.0))


def _solve(x: np.ndarray, y: np.ndarray, used: np.ndarray, last: int, power: float, penalties: np.ndarray) -> np.ndarray:
    """Weighted ridge within series; a penalty counts per series, because stores share their promotions."""
    filled = np.where(used, y, 0.0)
    weight = _weights(filled, used, last, power)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    y_centred = (filled - (weight * filled).sum(axis=1, keepdims=True) / total)[used]
    x_mean = np.einsum("sw,swk->sk", weight, x) / total
    x_centred = (x - x_mean[:, None])[used]
    weights = weight[used]
    weights = weights / weights.mean()
    spread = np.sqrt(np.average(x_centred**2, axis=0, weights=weights)) + 1e-9
    scaled = x_centred / spread
    weighted = scaled * weights[:, None]
    gram = weighted.T @ scaled + np.diag(penalties * len(used))
    # What never varied (but for rounding) was not learned from, and says nothing when it does.
    return np.where(spread > _SMALLEST_SPREAD, np.linalg.solve(gram, weighted.T @ y_centred) / spread, 0.0)


class RidgeForecast:
    """Forecasts of one fit on one market; what it says about every week is worked out once."""

    def __init__(self, rows: ForecastRows, ridge: Ridge) -> None:
        self._rows, self._explained = rows, np.full(rows.market.log_units.shape, np.nan, dtype=np.float32)
        for block, fitted in zip(rows.market.blocks, ridge.blocks, strict=True):
            if not len(fitted.coefficients):
                continue
            bent = (fitted.bent_mean, fitted.bent_sd)
            for start in range(0, len(block.series), _CHUNK):
                part = np.arange(start, min(start + _CHUNK, len(block.series)))
                values = _design(rows, block, part, ridge.usual, ridge.last, bent) @ fitted.coefficients
                self._explained[block.series[part]] = fitted.intercepts[part][:, None] + values
        self._left = rows.market.log_units - self._explained

    def log_units(self, origin: int, target: int) -> np.ndarray:
        """(series,) log units in column `target` from what had sold up to column `origin`."""
        horizon = target - origin
        chain = np.zeros(len(self._left))
        own = np.zeros(len(self._left))
        window = self._left[:, max(0, origin - 39) : origin + 1]
        end = window.shape[1] - 1
        for block in self._rows.market.blocks:
            left = window[block.series]
            known = np.isfinite(left)
            seldom = np.maximum(known.sum(axis=0), 1)
            mean = np.where(known.any(axis=0), np.where(known, left, 0.0).sum(axis=0) / seldom, np.nan)
            chain[block.series] = np.nan_to_num(decayed_mean(mean[None], end, CHAIN_MEMORY, 30))[0]
            weeks = known[:, -30:].sum(axis=1)
            own[block.series] = np.nan_to_num(decayed_mean(left - mean, end, STORE_MEMORY, 40)) * weeks / (weeks + 4)
        carried = CHAIN_CARRIED * CHAIN_FADES**horizon * chain + STORE_CARRIED * STORE_FADES**horizon * own
        return np.maximum(self._explained[:, target] + carried, np.log(SMALLEST_UNITS))
