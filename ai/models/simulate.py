"""A promotion that does not exist yet: quiet weeks of the forecast, times what the fitted coefficients say it does.

Units split exactly: net = incremental + after-effect + cannibalised. With a positive coefficient of depth, incremental units
never fall as the price falls: the model is log-linear.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ai.data.means import known_mean
from ai.data.panel import Panel
from ai.data.plan import usual_prices
from ai.features.columns import DEPTH_LIMITS
from ai.features.lags import LONGEST_LAG, lag_columns
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.shelf import Promoted, SisterUnits, units_of_sisters


@dataclass(frozen=True)
class Draft:
    """customers: leaf customers; price per unit or cut (share); neither: no price cut. weeks: how many."""

    customers: frozenset[str]
    product_ids: tuple[str, ...]
    weeks: int
    price: float | None = None
    cut: float | None = None
    deal: float = 0.0
    feature: float = 0.0
    display: float = 0.0


@dataclass(frozen=True)
class DraftWeeks:
    """Units a week over all stores, the promotion's weeks and the six behind it; sd of the promoted units, 0 behind it."""

    baseline: np.ndarray
    promoted: np.ndarray
    after: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True)
class DraftProduct:
    """One product at one retailer over all stores and weeks; sd of the incremental units; prices per unit."""

    block: BlockModel
    series: np.ndarray
    baseline: float
    promoted: float
    sd: float
    after: float
    after_variance: float
    price_regular: float
    price: float
    cost_regular: float
    weekly: DraftWeeks

    @property
    def incremental(self) -> float:
        return self.promoted - self.baseline


@dataclass(frozen=True)
class Simulation:
    """sisters: also those of the draft itself, which its other products take from."""

    draft: Draft
    products: list[DraftProduct]
    refused: list[tuple[str, str]]
    sisters: list[SisterUnits]

    @property
    def cannibalised(self) -> float:
        return sum((sister.units for sister in self.sisters), 0.0)

    @property
    def cannibalised_variance(self) -> float:
        return sum((sister.variance for sister in self.sisters), 0.0)

    @property
    def net(self) -> float:
        return sum(product.incremental + product.after for product in self.products) + self.cannibalised


def simulate(panel: Panel, model: LogLinearModel, quiet: np.ndarray, draft: Draft) -> Simulation:
    """quiet: (series, weeks + 6) mean units without promotion from the first week on, NaN where unknown."""
    usual, shape = usual_prices(panel), len(panel.series)
    products: list[DraftProduct] = []
    refused: list[tuple[str, str]] = []
    promoted = Promoted(
        draft.product_ids, draft.weeks, draft.feature, np.zeros(shape, dtype=bool), np.zeros(shape), np.zeros(shape)
    )
    for product_id in draft.product_ids:
        reason = "it has no modelled sales at these customers"
        for block in model.of_product(product_id):
            rows = _rows(panel, block, quiet, usual, draft)
            if block.refusal:
                reason = block.refusal
            elif len(rows):
                products.append(_product(panel, block, rows, quiet, usual, draft, promoted))
                reason = ""
        if reason:
            refused.append((product_id, reason))
    return Simulation(draft, products, refused, units_of_sisters(panel, model, quiet, promoted))


def _rows(panel: Panel, block: BlockModel, quiet: np.ndarray, usual: np.ndarray, draft: Draft) -> np.ndarray:
    series = block.block.series
    wanted = np.array([panel.series[number][0] in draft.customers for number in series], dtype=bool)
    return np.flatnonzero(wanted & block.modelled & np.isfinite(quiet[series]).all(axis=1) & (usual[series] > 0))


def _depth(usual: np.ndarray, draft: Draft) -> np.ndarray:
    """log(usual / planned price), cut to what the data could have shown."""
    if draft.price is not None:
        return np.clip(np.log(usual / draft.price), *DEPTH_LIMITS)
    return np.full(len(usual), -np.log1p(-(draft.cut or 0.0)))


def own_traits(block: BlockModel, depth: np.ndarray, draft: Draft) -> np.ndarray:
    """(series, columns) of the design, zero but for the own promotion."""
    traits = np.zeros((len(depth), len(block.names)))
    columns, values = _own_traits(block, depth, draft)
    traits[:, columns] = values
    return traits


def _own_traits(block: BlockModel, depth: np.ndarray, draft: Draft) -> tuple[list[int], np.ndarray]:
    """The columns of the design that the own promotion moves, and their values (series, columns)."""
    values: dict[str, np.ndarray | float] = {
        "depth": depth,
        "deal": draft.deal,
        "feature": draft.feature,
        "display": draft.display,
        "feature_x_depth": draft.feature * depth,
        "deal_x_depth": draft.deal * depth,
    }
    columns = [block.place[name] for name in values if name in block.place]
    traits = np.empty((len(depth), len(columns)))
    for number, name in enumerate(name for name in values if name in block.place):
        traits[:, number] = values[name]
    return columns, traits


def _product(
    panel: Panel, block: BlockModel, rows: np.ndarray, quiet: np.ndarray, usual: np.ndarray, draft: Draft, promotion: Promoted
) -> DraftProduct:
    """Also writes into `promotion` what its series sell."""
    series = block.block.series[rows]
    depth = _depth(usual[series], draft)
    columns, traits = _own_traits(block, depth, draft)
    covariance = block.fit.covariance[np.ix_(columns, columns)]
    lift = np.exp(np.clip(traits @ block.fit.coefficients[columns], -5.0, 5.0))
    base = quiet[series]
    during = base[:, : draft.weeks]
    promoted = during * lift[:, None]
    units = promoted.sum(axis=1)
    promotion.on[series], promotion.depth[series], promotion.units[series] = True, depth, units
    whole = np.concatenate([promoted, base[:, draft.weeks :]], axis=1)
    gradient = units @ traits
    shared = (block.shared.level + block.shared.promoted / draft.weeks) * units.sum() ** 2
    own = (block.own.level + block.own.promoted / draft.weeks) * float((units**2).sum())
    after, after_variance = _after(block, whole, depth, draft)
    weight = units + 1e-9
    return DraftProduct(
        block=block,
        series=series,
        baseline=float(during.sum()),
        promoted=float(units.sum()),
        sd=float(np.sqrt(max(gradient @ covariance @ gradient, 0.0) + shared + own)),
        after=float(after.sum()),
        after_variance=after_variance,
        price_regular=known_mean(usual[series], weight),
        price=known_mean(usual[series] * np.exp(-depth), weight),
        cost_regular=known_mean(panel.last_costs[series], weight),
        weekly=DraftWeeks(
            base.sum(axis=0), whole.sum(axis=0), after, _weekly_variance(block, promoted, traits, covariance, len(after))
        ),
    )


def _weekly_variance(
    block: BlockModel, promoted: np.ndarray, traits: np.ndarray, covariance: np.ndarray, weeks: int
) -> np.ndarray:
    """(weeks,) of the promoted units of each single week: coefficients, the chain's shock and the stores' own."""
    gradients = promoted.T @ traits
    shared = (block.shared.level + block.shared.promoted) * promoted.sum(axis=0) ** 2
    own = (block.own.level + block.own.promoted) * (promoted**2).sum(axis=0)
    found = ((gradients @ covariance) * gradients).sum(axis=1) + shared + own
    return np.concatenate([np.maximum(found, 0.0), np.zeros(weeks - len(found))])


def _after(block: BlockModel, whole: np.ndarray, depth: np.ndarray, draft: Draft) -> tuple[np.ndarray, float]:
    """(weeks + 6,) units that the promotion leaves in its own later weeks and the six behind it; variance of their sum.

    whole: (series, weeks + 6) units without what is left. What the promotion leaves in a week is the size of its trait at the
    store, the same in each of its weeks, times the share of the weeks remembered that it was on.
    """
    sizes = {"depth": np.maximum(depth, 0.0), "feature": np.full(len(depth), draft.feature)}
    used = [(block.place[name], sizes[trait], share) for name, trait, share in _remembered(draft.weeks) if name in block.place]
    if not used:
        return np.zeros(whole.shape[1]), 0.0
    chosen = [column for column, _size, _share in used]
    effect = sum(
        (size[:, None] * (share * block.fit.coefficients[column]) for column, size, share in used), np.zeros(whole.shape)
    )
    left = whole * np.exp(effect)
    gradient = np.array([(size @ left) @ share for _column, size, share in used])
    variance = float(gradient @ block.fit.covariance[np.ix_(chosen, chosen)] @ gradient)
    return (whole * np.expm1(effect)).sum(axis=0), max(variance, 0.0)


@functools.lru_cache(maxsize=64)
def _remembered(weeks: int) -> list[tuple[str, str, np.ndarray]]:
    """Lag columns of a promotion of so many weeks: name, trait, and by week (weeks + 6) the share that its trait counts for."""
    on = (np.arange(weeks + LONGEST_LAG) < weeks).astype(float)[None]
    return [(column.name, column.name.split("_")[1], column.values[0]) for column in lag_columns(on, on)]
