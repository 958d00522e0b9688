"""Where and when a promotion would run: all that no slider moves, worked out once (docs/decisions/0270)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.data.plan import usual_prices
from ai.features.lags import LONGEST_LAG, lag_columns
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.shelf import Shelf, shelf_of

# Columns of the design that an own promotion moves.
OWN = ("depth", "deal", "feature", "display", "feature_x_depth", "deal_x_depth")
REMEMBERED = ("depth", "feature")  # traits that later weeks remember, in the order of `lag_columns`


@dataclass(frozen=True)
class Coefficients:
    """Some of a block's, with their covariance."""

    names: list[str]
    values: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class ProductThere:
    """One product at one retailer. By store: series number, usual price, last regular cost (NaN if unknown), and units without
    promotion (stores, weeks + 6). later: what remembers its traits; shares: by those and week (weeks + 6), what they count."""

    block: BlockModel
    series: np.ndarray
    usual: np.ndarray
    cost: np.ndarray
    base: np.ndarray
    own: Coefficients
    later: Coefficients
    shares: np.ndarray

    @functools.cached_property
    def memories(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """By trait, in the order of `later`: the shares of its coefficients, and by week the effect of one unit of it."""
        of = np.array([name.split("_")[1] for name in self.later.names])
        return [
            (trait, self.shares[of == trait], self.later.values[of == trait] @ self.shares[of == trait]) for trait in REMEMBERED
        ]


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
                products.append(_there(panel, block, series, quiet, weeks))
                reason = ""
        if reason:
            refused.append((product_id, reason))
    shelf = shelf_of(panel, model, quiet[:, :weeks], [(one.block.block.product_id, one.series) for one in products])
    stores = len({panel.series[number][0] for product in products for number in product.series.tolist()})
    return Place(weeks, stores, products, refused, shelf)


def _there(panel: Panel, block: BlockModel, series: np.ndarray, quiet: np.ndarray, weeks: int) -> ProductThere:
    on = (np.arange(weeks + LONGEST_LAG) < weeks).astype(float)[None]
    lags = [column for column in lag_columns(on, on) if column.name in block.place]
    return ProductThere(
        block=block,
        series=series,
        usual=usual_prices(panel)[series],
        cost=panel.last_costs[series],
        base=quiet[series],
        own=_coefficients(block, [name for name in OWN if name in block.place]),
        later=_coefficients(block, [column.name for column in lags]),
        shares=np.concatenate([np.zeros((0, on.shape[1])), *(column.values for column in lags)]),
    )


def _coefficients(block: BlockModel, names: list[str]) -> Coefficients:
    columns = [block.place[name] for name in names]
    return Coefficients(names, block.fit.coefficients[columns], block.fit.covariance[np.ix_(columns, columns)])


def _rows(panel: Panel, block: BlockModel, quiet: np.ndarray, usual: np.ndarray, customers: frozenset[str]) -> np.ndarray:
    series = block.block.series
    wanted = np.array([panel.series[number][0] in customers for number in series], dtype=bool)
    return np.flatnonzero(wanted & block.modelled & np.isfinite(quiet[series]).all(axis=1) & (usual[series] > 0))
