"""A promotion that does not exist yet: quiet weeks of the forecast, times what the fitted coefficients say it does.

Units split exactly: net = incremental + after-effect + cannibalised. With a positive coefficient of depth, incremental units
never fall as the price falls: the model is log-linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.means import last_known
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
    usual = usual_prices(panel)
    products: list[DraftProduct] = []
    refused: list[tuple[str, str]] = []
    depth_of = np.zeros(len(panel.series))
    promoted_units: dict[int, np.ndarray] = {}
    for product_id in draft.product_ids:
        found = [block for block in model.blocks.values() if block.block.product_id == product_id]
        reason = "it has no modelled sales at these customers"
        for block in found:
            rows = _rows(panel, block, quiet, usual, draft)
            if block.refusal:
                reason = block.refusal
            elif len(rows):
                products.append(_product(panel, block, rows, quiet, usual, draft, depth_of, promoted_units))
                reason = ""
        if reason:
            refused.append((product_id, reason))
    promoted = Promoted(draft.product_ids, draft.weeks, draft.feature, depth_of, promoted_units)
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
    values = {
        "depth": depth,
        "deal": np.full(len(depth), draft.deal),
        "feature": np.full(len(depth), draft.feature),
        "display": np.full(len(depth), draft.display),
        "feature_x_depth": draft.feature * depth,
        "deal_x_depth": draft.deal * depth,
    }
    return np.stack([values.get(name, np.zeros(len(depth))) for name in block.names], axis=1)


def _product(
    panel: Panel, block: BlockModel, rows: np.ndarray, quiet: np.ndarray, usual: np.ndarray, draft: Draft,
    depth_of: np.ndarray, promoted_units: dict[int, np.ndarray],
) -> DraftProduct:  # fmt: skip
    series = block.block.series[rows]
    depth = _depth(usual[series], draft)
    depth_of[series] = depth
    traits = own_traits(block, depth, draft)
    lift = np.exp(np.clip(traits @ block.fit.coefficients, -5.0, 5.0))
    base = quiet[series]
    during = base[:, : draft.weeks]
    promoted = during * lift[:, None]
    whole = np.concatenate([promoted, base[:, draft.weeks :]], axis=1)
    promoted_units |= dict(zip(series.tolist(), whole, strict=True))
    gradient = promoted.sum(axis=1) @ traits
    shared = (block.shared.level + block.shared.promoted / draft.weeks) * promoted.sum() ** 2
    own = (block.own.level + block.own.promoted / draft.weeks) * float((promoted.sum(axis=1) ** 2).sum())
    after, after_variance = _after(block, whole, depth, draft)
    price = usual[series] * np.exp(-depth)
    weight = promoted.sum(axis=1) + 1e-9
    cost = last_known(panel.cost_regular[series])
    known = np.isfinite(cost)
    return DraftProduct(
        block=block,
        series=series,
        baseline=float(during.sum()),
        promoted=float(promoted.sum()),
        sd=float(np.sqrt(max(gradient @ block.fit.covariance @ gradient, 0.0) + shared + own)),
        after=float(after.sum()),
        after_variance=after_variance,
        price_regular=float(np.average(usual[series], weights=weight)),
        price=float(np.average(price, weights=weight)),
        cost_regular=float(np.average(cost[known], weights=weight[known])) if known.any() else float("nan"),
        weekly=DraftWeeks(base.sum(axis=0), whole.sum(axis=0), after, _weekly_variance(block, promoted, traits, len(after))),
    )


def _weekly_variance(block: BlockModel, promoted: np.ndarray, traits: np.ndarray, weeks: int) -> np.ndarray:
    """(weeks,) of the promoted units of each single week: coefficients, the chain's shock and the stores' own."""
    gradients = promoted.T @ traits
    shared = (block.shared.level + block.shared.promoted) * promoted.sum(axis=0) ** 2
    own = (block.own.level + block.own.promoted) * (promoted**2).sum(axis=0)
    found = np.einsum("wk,kl,wl->w", gradients, block.fit.covariance, gradients) + shared + own
    return np.concatenate([np.maximum(found, 0.0), np.zeros(weeks - len(found))])


def _after(block: BlockModel, whole: np.ndarray, depth: np.ndarray, draft: Draft) -> tuple[np.ndarray, float]:
    """(weeks + 6,) units that the promotion leaves in its own later weeks and the six behind it; variance of their sum.

    whole: (series, weeks + 6) units without what is left.
    """
    weeks = draft.weeks + LONGEST_LAG
    on = np.arange(weeks) < draft.weeks
    columns = lag_columns(np.maximum(depth, 0.0)[:, None] * on, np.full(len(depth), draft.feature)[:, None] * on)
    place = {name: number for number, name in enumerate(block.names)}
    used = [column for column in columns if column.name in place]
    if not used:
        return np.zeros(weeks), 0.0
    chosen = np.array([place[column.name] for column in used])
    effect = sum((column.values * block.fit.coefficients[place[column.name]] for column in used), np.zeros((len(depth), weeks)))
    gradient = np.array([(whole * np.exp(effect) * column.values).sum() for column in used])
    variance = float(gradient @ block.fit.covariance[np.ix_(chosen, chosen)] @ gradient)
    return (whole * np.expm1(effect)).sum(axis=0), max(variance, 0.0)
