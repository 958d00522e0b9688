"""Price elasticities read off the fitted log-linear model: own, promoted and regular, and to rivals' promotions.

The coefficients are posteriors: each product was shrunk towards its category by empirical Bayes, as far as its own data is thin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.models.effects import Basis, Effects, effects_of
from ai.models.loglinear import BlockModel, LogLinearModel

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
class CategoryMean:
    """Mean over products, weighted by precision, and the spread between them: what a thin product is drawn to."""

    category_id: str
    chain_id: str
    products: int
    mean: float
    sd: float


def category_means(found: list[BlockElasticity]) -> list[CategoryMean]:
    """One per category and retailer, of the promotion's elasticity (DerSimonian and Laird 1986)."""
    groups: dict[tuple[str, str], list[Estimate]] = {}
    for one in found:
        groups.setdefault((one.block.block.category_id, one.block.block.chain_id), []).append(one.promotion)
    means = []
    for (category_id, chain_id), members in sorted(groups.items()):
        values = np.array([member.value for member in members])
        variances = np.array([member.standard_error**2 for member in members])
        between = max(float(values.var(ddof=1) - variances.mean()), 0.0) if len(values) > 1 else 0.0
        weights = 1 / np.maximum(variances + between, 1e-9)
        means.append(
            CategoryMean(category_id, chain_id, len(values), float(weights @ values / weights.sum()), float(np.sqrt(between)))
        )
    return means
