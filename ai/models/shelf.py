"""What a simulated promotion does to the other products of its shelf, and its products to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.models.loglinear import BlockModel, LogLinearModel


@dataclass(frozen=True)
class SisterUnits:
    """Units that a product of the shelf loses (below zero) or gains in the promotion's weeks; prices per unit, NaN if unknown."""

    key: tuple[str, str]  # of its block: product, retailer
    units: float
    variance: float
    price_regular: float
    cost_regular: float


@dataclass(frozen=True)
class Felt:
    """Where one promoted product is felt. By row: its place on the shelf, the promoted store, coefficients (rows, 2) of depth and
    feature. By sister that feels it: its number, and its first row here."""

    rows: np.ndarray
    stores: np.ndarray
    coefficients: np.ndarray
    sisters: np.ndarray
    first: np.ndarray


@dataclass(frozen=True)
class Shelf:
    """The sisters' stores row by row, sister after sister; promoted stores are numbered in the order of the promotion's products.

    keys, first (of its rows) and covariance (of the coefficients in `felt`, in its order) by sister; by row: units without
    promotion in its weeks, unknown is zero, and worth (rows, 4): usual price and last cost, each behind a 1 where it is known;
    inside, own: rows that are promoted themselves, and as which store.
    """

    keys: list[tuple[str, str]]
    first: np.ndarray
    covariance: list[np.ndarray]
    felt: list[Felt]
    units: np.ndarray
    worth: np.ndarray
    inside: np.ndarray
    own: np.ndarray

    @property
    def size(self) -> int:
        """How many numbers it holds, about."""
        return self.units.size + self.worth.size + sum(4 * len(felt.rows) for felt in self.felt)


@dataclass(frozen=True)
class _Rival:
    """A promoted product as a block feels it; stores: by row of the block the promoted store, -1 where there is none."""

    product_id: str
    stores: np.ndarray


@dataclass(frozen=True)
class _Laid:
    """A sister on the shelf: the rows of its block where something is promoted, laid from row `start` on."""

    block: BlockModel
    rivals: list[_Rival]
    rows: np.ndarray
    start: int

    def columns(self, product_id: str) -> list[int]:
        return [self.block.place[f"rival_{trait}:{product_id}"] for trait in ("depth", "feature")]


def shelf_of(panel: Panel, model: LogLinearModel, quiet: np.ndarray, promoted: list[tuple[str, np.ndarray]]) -> Shelf:
    """promoted: products with their series, the promoted stores in this order; quiet: (series, weeks) units without promotion."""
    stores = np.concatenate([np.zeros(0, dtype=int), *(series for _product, series in promoted)])
    store_of = np.full(len(panel.series), -1)
    store_of[stores] = np.arange(len(stores))
    product_ids = list(dict.fromkeys(product for product, _series in promoted))
    laid = _laid(model, store_of, product_ids)
    series = np.concatenate([np.zeros(0, dtype=int), *(one.block.block.series[one.rows] for one in laid)])
    own = store_of[series]
    inside = np.flatnonzero(own >= 0)
    price, cost = panel.usual_prices[series], panel.last_costs[series]
    return Shelf(
        keys=[one.block.block.key for one in laid],
        first=np.array([one.start for one in laid], dtype=int),
        covariance=[_covariance(one) for one in laid],
        felt=[felt for felt in (_felt(laid, product_id) for product_id in product_ids) if len(felt.rows)],
        units=np.nan_to_num(quiet[series]).sum(axis=1),
        worth=np.stack([np.isfinite(price), np.nan_to_num(price), np.isfinite(cost), np.nan_to_num(cost)], axis=1),
        inside=inside,
        own=own[inside],
    )


def _laid(model: LogLinearModel, store_of: np.ndarray, product_ids: list[str]) -> list[_Laid]:
    feeling: dict[tuple[str, str], tuple[BlockModel, list[_Rival]]] = {}
    for product_id in product_ids:
        for block, aligned in model.feeling.get(product_id, []):
            stores = np.where(aligned >= 0, store_of[aligned], -1)
            if (stores >= 0).any():
                feeling.setdefault(block.block.key, (block, []))[1].append(_Rival(product_id, stores))
    laid: list[_Laid] = []
    start = 0
    for block, rivals in feeling.values():
        rows = np.flatnonzero(np.any([rival.stores >= 0 for rival in rivals], axis=0))
        laid.append(_Laid(block, rivals, rows, start))
        start += len(rows)
    return laid


def _covariance(sister: _Laid) -> np.ndarray:
    columns = [column for rival in sister.rivals for column in sister.columns(rival.product_id)]
    return sister.block.fit.covariance[np.ix_(columns, columns)]


def _felt(laid: list[_Laid], product_id: str) -> Felt:
    sisters: list[int] = []
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for number, sister in enumerate(laid):
        for stores in (rival.stores[sister.rows] for rival in sister.rivals if rival.product_id == product_id):
            on = np.flatnonzero(stores >= 0)
            coefficients = sister.block.fit.coefficients[sister.columns(product_id)]
            sisters.append(number)
            parts.append((sister.start + on, stores[on], np.tile(coefficients, (len(on), 1))))
    nothing = (np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros((0, 2)))
    rows, promoted, coefficients = (np.concatenate(columns) for columns in zip(nothing, *parts, strict=True))
    first = np.cumsum([0, *(len(part[0]) for part in parts)])[:-1]
    return Felt(rows, promoted, coefficients, np.array(sisters, dtype=int), first)


def units_of_sisters(shelf: Shelf, depth: np.ndarray, units: np.ndarray, feature: float) -> list[SisterUnits]:
    """depth, units: (promoted stores,) of the cut, and in the promotion's weeks; feature: share of advertised stores."""
    if not shelf.keys:
        return []
    here = shelf.units.copy()
    here[shelf.inside] = units[shelf.own]
    effect, touched = np.zeros(len(here)), np.zeros(len(here), dtype=bool)
    depths = [depth[felt.stores] for felt in shelf.felt]
    for felt, deep in zip(shelf.felt, depths, strict=True):
        effect[felt.rows] += deep * felt.coefficients[:, 0] + feature * felt.coefficients[:, 1]
        touched[felt.rows] |= (deep != 0) | (feature != 0)
    change = here * np.expm1(effect)
    gradients: list[list[np.ndarray]] = [[] for _sister in shelf.keys]
    for felt, deep in zip(shelf.felt, depths, strict=True):
        reached = (here + change)[felt.rows]
        slopes = np.add.reduceat(np.column_stack([reached * deep, reached * feature]), felt.first, axis=0)
        for sister, slope in zip(felt.sisters.tolist(), slopes, strict=True):
            gradients[sister].append(slope)
    weight = np.where(touched, here, 0.0)
    summed = np.add.reduceat(np.column_stack([change, weight, weight[:, None] * shelf.worth]), shelf.first, axis=0).tolist()
    return [
        SisterUnits(key, moved, _variance(gradient, covariance), _mean(prices, priced), _mean(costs, costed))
        for key, covariance, gradient, (moved, weighed, priced, prices, costed, costs) in zip(
            shelf.keys, shelf.covariance, gradients, summed, strict=True
        )
        if weighed > 0
    ]


def _variance(gradient: list[np.ndarray], covariance: np.ndarray) -> float:
    """Of a sister's units, from its uncertain coefficients; gradient: units per unit of them, (2,) by promoted product."""
    whole = gradient[0] if len(gradient) == 1 else np.concatenate(gradient)
    return max(float(whole @ covariance @ whole), 0.0)


def _mean(summed: float, weight: float) -> float:
    return summed / weight if weight > 0 else float("nan")
