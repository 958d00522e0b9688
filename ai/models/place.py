"""Where and when a promotion would run: all that no slider moves, worked out once (docs/decisions/0270)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.data.plan import usual_prices
from ai.features.lags import LONGEST_LAG
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.shelf import Shelf, shelf_of


@dataclass(frozen=True)
class ProductThere:
    """One product at one retailer, by store: series number, usual price, last regular cost (NaN if unknown), and units without
    promotion (stores, weeks + 6)."""

    block: BlockModel
    series: np.ndarray
    usual: np.ndarray
    cost: np.ndarray
    base: np.ndarray


@dataclass(frozen=True)
class Place:
    """weeks: how many it lasts; stores: in how many it runs; refused: products that cannot be simulated there, and why."""

    weeks: int
    stores: int
    products: list[ProductThere]
    refused: list[tuple[str, str]]
    shelf: Shelf

    @property
    def size(self) -> int:
        """How many numbers are kept, about."""
        return sum(product.base.size for product in self.products) + self.shelf.size


def place_of(
    panel: Panel, model: LogLinearModel, quiet: np.ndarray, customers: frozenset[str], product_ids: tuple[str, ...]
) -> Place:  # fmt: skip
    """customers: leaf ones; quiet: (series, weeks + 6) mean units without promotion from its first week on, NaN where unknown."""
    usual, weeks = usual_prices(panel), quiet.shape[1] - LONGEST_LAG
    products: list[ProductThere] = []
    refused: list[tuple[str, str]] = []
    for product_id in product_ids:
        reason = "it has no modelled sales at these customers"
        for block in model.of_product(product_id):
            series = block.block.series[_rows(panel, block, quiet, usual, customers)]
            if block.refusal:
                reason = block.refusal
            elif len(series):
                products.append(ProductThere(block, series, usual[series], panel.last_costs[series], quiet[series]))
                reason = ""
        if reason:
            refused.append((product_id, reason))
    shelf = shelf_of(panel, model, quiet[:, :weeks], [(one.block.block.product_id, one.series) for one in products])
    stores = len({panel.series[number][0] for product in products for number in product.series.tolist()})
    return Place(weeks, stores, products, refused, shelf)


def _rows(panel: Panel, block: BlockModel, quiet: np.ndarray, usual: np.ndarray, customers: frozenset[str]) -> np.ndarray:
    series = block.block.series
    wanted = np.array([panel.series[number][0] in customers for number in series], dtype=bool)
    return np.flatnonzero(wanted & block.modelled & np.isfinite(quiet[series]).all(axis=1) & (usual[series] > 0))
