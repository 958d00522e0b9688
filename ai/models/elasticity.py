"""Price elasticities read off the fitted log-linear model: own, promoted and regular, and to rivals' promotions.

The coefficients are posteriors: by empirical Bayes each product was shrunk towards its brand and category, as far as its own data
is thin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.models.effects import Basis, Effects, effects_of
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.priors import spread_of

_RIVAL = "rival_depth:"


@dataclass(frozen=True)
class Estimate:
    """Percent of units per percent of price, its standard error, and where it comes from."""

    value: float
    standard_error: float
    basis: Basis = "own"


@dataclass(frozen=True)
class BlockElasticity:
    block: BlockModel
    weeks: int
    stores: int
    promotion: Estimate
    promotion_featured: Estimate
    regular: Estimate
    cross: tuple[tuple[str, Estimate], ...]


def elasticities(panel: Panel, model: LogLinearModel, product_ids: set[str]) -> list[BlockElasticity]:
    """One per product and retailer that can be modelled; an empty set means all products."""
    wanted = [b for b in model.blocks.values() if not product_ids or b.block.product_id in product_ids]
    return [_of(panel, block) for block in wanted if not block.refusal]


def _of(panel: Panel, block: BlockModel) -> BlockElasticity:
    used = panel.known[block.block.series] & block.modelled[:, None]
    effects = effects_of(panel, block)
    return BlockElasticity(
        block=block,
        weeks=int(used.any(axis=0).sum()),
        stores=int(block.modelled.sum()),
        promotion=combined(block, effects, {"depth": 1.0}),
        promotion_featured=combined(block, effects, {"depth": 1.0, "feature_x_depth": 1.0}),
        regular=combined(block, effects, {"regular_price": -1.0}),
        cross=tuple((n.removeprefix(_RIVAL), combined(block, effects, {n: 1.0})) for n in block.names if n.startswith(_RIVAL)),
    )


def combined(block: BlockModel, effects: Effects, parts: dict[str, float]) -> Estimate:
    """Minus the weighted sum of coefficients: log units per log cut has the opposite sign of an elasticity."""
    weights = np.array([parts.get(name, 0.0) for name in block.names])
    value = -float(weights @ block.fit.coefficients)
    variance = float(weights @ block.fit.covariance @ weights)
    traits = ["feature" if part == "feature_x_depth" else part for part in parts]
    return Estimate(value, float(np.sqrt(max(variance, 0.0))), effects.of(traits))


@dataclass(frozen=True)
class GroupMean:
    """Mean over products, weighted by precision, and the spread between them: what a thin product is drawn to.

    brand_id: empty for the whole category.
    """

    category_id: str
    brand_id: str
    chain_id: str
    products: int
    mean: float
    sd: float


def group_means(found: list[BlockElasticity], by_brand: bool) -> list[GroupMean]:
    """One per category (or brand of it) and retailer, of the promotion's elasticity; products without a brand make none."""
    groups: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for one in found:
        block = one.block.block
        if not by_brand or block.brand_id:
            key = (block.category_id, block.brand_id if by_brand else "", block.chain_id)
            groups.setdefault(key, []).append((one.promotion.value, one.promotion.standard_error))
    spreads = spread_of(groups)
    return [
        GroupMean(category_id, brand_id, chain_id, len(members), *spreads[category_id, brand_id, chain_id])
        for (category_id, brand_id, chain_id), members in sorted(groups.items())
    ]
