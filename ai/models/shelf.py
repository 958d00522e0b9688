"""What a simulated promotion does to the other products of its shelf, and its products to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.models.loglinear import BlockModel, LogLinearModel


@dataclass(frozen=True)
class Promoted:
    """The products of the promotion, its weeks and share of advertised stores; by series number: whether it is promoted, its
    depth, and its units in the promotion's weeks."""

    product_ids: tuple[str, ...]
    weeks: int
    feature: float
    on: np.ndarray
    depth: np.ndarray
    units: np.ndarray


@dataclass(frozen=True)
class SisterUnits:
    """Units that a product of the shelf loses (below zero) or gains in the promotion's weeks; prices per unit, NaN if unknown."""

    key: tuple[str, str]  # of its block: product, retailer
    units: float
    variance: float
    price_regular: float
    cost_regular: float


class Rivalry:
    """Where a promotion of one product is felt: the stores of every block that has it as a modelled rival, block after block.

    blocks, first (of its rows), columns (blocks, 2: depth and feature in the block's design); by row: series, rival (the
    promoted product's series at the same store), there (bool: the store sells it), coefficients (rows, 2).
    """

    def __init__(self, members: list[tuple[BlockModel, np.ndarray]], product_id: str) -> None:
        names = (f"rival_depth:{product_id}", f"rival_feature:{product_id}")
        self.blocks = [block for block, _aligned in members]
        self.columns = np.array([[block.place[name] for name in names] for block in self.blocks])
        sizes = [len(block.block.series) for block in self.blocks]
        self.first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
        aligned = np.concatenate([aligned for _block, aligned in members])
        self.series = np.concatenate([block.block.series for block in self.blocks])
        self.rival, self.there = np.maximum(aligned, 0), aligned >= 0
        own = [block.fit.coefficients[columns] for block, columns in zip(self.blocks, self.columns, strict=True)]
        self.coefficients = np.repeat(own, sizes, axis=0)

    def traits(self, promoted: Promoted) -> np.ndarray:
        """(rows, 2) depth and feature of the promoted product at each store, zero where it is not promoted."""
        on = self.there & promoted.on[self.rival]
        return np.stack([np.where(on, promoted.depth[self.rival], 0.0), np.where(on, promoted.feature, 0.0)], axis=1)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(blocks, ...) of values by row."""
        return np.add.reduceat(values, self.first, axis=0)


def rivalry_of(model: LogLinearModel, product_id: str) -> Rivalry | None:
    """Of one product, worked out when first asked for (a slider asks with every move); None when nothing feels it."""
    if product_id not in model.rivalries:
        members = [
            (block, aligned)
            for block in model.blocks.values()
            for rival, aligned in block.block.rivals
            if rival == product_id and not block.refusal
        ]
        model.rivalries[product_id] = Rivalry(members, product_id) if members else None
    return model.rivalries[product_id]


def units_of_sisters(panel: Panel, model: LogLinearModel, quiet: np.ndarray, promoted: Promoted) -> list[SisterUnits]:
    """Products of the shelf of which a promoted one is a modelled rival; quiet: (series, weeks) units without promotion."""
    found = [rivalry_of(model, product_id) for product_id in promoted.product_ids]
    felt = [(rivalry, rivalry.traits(promoted)) for rivalry in found if rivalry is not None]
    effect, touched = np.zeros(len(panel.series)), np.zeros(len(panel.series), dtype=bool)
    for rivalry, traits in felt:  # a store's series stands in one block, so once in a rivalry
        effect[rivalry.series] += (traits * rivalry.coefficients).sum(axis=1)
        touched[rivalry.series] |= traits.any(axis=1)
    sisters: dict[tuple[str, str], SisterUnits] = {}
    gradients: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for rivalry, traits in felt:
        here = _units(rivalry.series, quiet, promoted)
        change = effect[rivalry.series]
        slopes = rivalry.sums((here * np.exp(change))[:, None] * traits)
        units = rivalry.sums(here * np.expm1(change))
        weight = np.where(touched[rivalry.series], here, 0.0)
        price = _means(rivalry, panel.usual_prices, weight)
        cost = _means(rivalry, panel.last_costs, weight)
        for number in np.flatnonzero(rivalry.sums(weight) > 0):
            block = rivalry.blocks[number]
            gradients.setdefault(block.block.key, []).append((rivalry.columns[number], slopes[number]))
            variance = _variance(block, gradients[block.block.key])
            sisters[block.block.key] = SisterUnits(
                block.block.key, float(units[number]), variance, float(price[number]), float(cost[number])
            )
    return list(sisters.values())


def _variance(block: BlockModel, slopes: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Of a block's units, from the uncertainty of its coefficients. slopes: columns, and units per unit of each coefficient."""
    columns = np.concatenate([chosen for chosen, _slope in slopes])
    gradient = np.concatenate([slope for _chosen, slope in slopes])
    return max(float(gradient @ block.fit.covariance[columns[:, None], columns] @ gradient), 0.0)


def _units(series: np.ndarray, quiet: np.ndarray, promoted: Promoted) -> np.ndarray:
    """Units of `series` in the promotion's weeks: as promoted where it is itself, else quiet; unknown is zero."""
    return np.where(promoted.on[series], promoted.units[series], np.nan_to_num(quiet[series, : promoted.weeks]).sum(axis=1))


def _means(rivalry: Rivalry, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(blocks,) weighted means of the known values by series, NaN where none is known."""
    told = values[rivalry.series]
    used = np.where(np.isfinite(told), weight, 0.0)
    total = rivalry.sums(used)
    summed = rivalry.sums(used * np.nan_to_num(told))
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
