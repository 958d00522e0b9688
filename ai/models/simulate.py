"""A promotion that does not exist yet: quiet weeks of the forecast, times what the fitted coefficients say it does.

Units split exactly: net = incremental + after-effect + cannibalised. With a positive coefficient of depth, incremental units
never fall as the price falls: the model is log-linear.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ai.data.means import known_mean
from ai.features.columns import DEPTH_LIMITS
from ai.features.lags import LONGEST_LAG, lag_columns
from ai.models.loglinear import BlockModel
from ai.models.place import Place, ProductThere
from ai.models.shelf import SisterUnits, units_of_sisters


@dataclass(frozen=True)
class Draft:
    """What sliders move; price per unit or cut (share); neither: no price cut."""

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
    """stores: how many it runs in; sisters: also those of the draft itself, which its other products take from."""

    draft: Draft
    stores: int
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


def simulate(place: Place, draft: Draft) -> Simulation:
    products = [_product(there, place.weeks, draft) for there in place.products]
    depth = np.concatenate([np.zeros(0), *(depth for _product, depth, _units in products)])
    units = np.concatenate([np.zeros(0), *(units for _product, _depth, units in products)])
    sisters = units_of_sisters(place.shelf, depth, units, draft.feature)
    return Simulation(draft, place.stores, [product for product, _depth, _units in products], place.refused, sisters)


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


def _product(there: ProductThere, weeks: int, draft: Draft) -> tuple[DraftProduct, np.ndarray, np.ndarray]:
    """The product, with the depth of its cut and its units in the promotion's weeks, (stores,) each."""
    block, base = there.block, there.base
    depth = _depth(there.usual, draft)
    columns, traits = _own_traits(block, depth, draft)
    covariance = block.fit.covariance[np.ix_(columns, columns)]
    lift = np.exp(np.clip(traits @ block.fit.coefficients[columns], -5.0, 5.0))
    during = base[:, :weeks]
    promoted = during * lift[:, None]
    units = promoted.sum(axis=1)
    whole = np.concatenate([promoted, base[:, weeks:]], axis=1)
    gradient = units @ traits
    shared = (block.shared.level + block.shared.promoted / weeks) * units.sum() ** 2
    own = (block.own.level + block.own.promoted / weeks) * float((units**2).sum())
    after, after_variance = _after(block, whole, depth, draft.feature, weeks)
    weight = units + 1e-9
    product = DraftProduct(
        block=block,
        series=there.series,
        baseline=float(during.sum()),
        promoted=float(units.sum()),
        sd=float(np.sqrt(max(gradient @ covariance @ gradient, 0.0) + shared + own)),
        after=float(after.sum()),
        after_variance=after_variance,
        price_regular=known_mean(there.usual, weight),
        price=known_mean(there.usual * np.exp(-depth), weight),
        cost_regular=known_mean(there.cost, weight),
        weekly=DraftWeeks(
            base.sum(axis=0), whole.sum(axis=0), after, _weekly_variance(block, promoted, traits, covariance, len(after))
        ),
    )
    return product, depth, units


def _weekly_variance(
    block: BlockModel, promoted: np.ndarray, traits: np.ndarray, covariance: np.ndarray, weeks: int
) -> np.ndarray:
    """(weeks,) of the promoted units of each single week: coefficients, the chain's shock and the stores' own."""
    gradients = promoted.T @ traits
    shared = (block.shared.level + block.shared.promoted) * promoted.sum(axis=0) ** 2
    own = (block.own.level + block.own.promoted) * (promoted**2).sum(axis=0)
    found = ((gradients @ covariance) * gradients).sum(axis=1) + shared + own
    return np.concatenate([np.maximum(found, 0.0), np.zeros(weeks - len(found))])


def _after(block: BlockModel, whole: np.ndarray, depth: np.ndarray, feature: float, weeks: int) -> tuple[np.ndarray, float]:
    """(weeks + 6,) units that the promotion leaves in its own later weeks and the six behind it; variance of their sum.

    whole: (series, weeks + 6) units without what is left. What the promotion leaves in a week is the size of its trait at the
    store, the same in each of its weeks, times the share of the weeks remembered that it was on.
    """
    sizes = {"depth": np.maximum(depth, 0.0), "feature": np.full(len(depth), feature)}
    effect = np.zeros(whole.shape)
    columns: list[int] = []
    used: list[tuple[np.ndarray, np.ndarray]] = []
    for trait, size in sizes.items():
        names, shares = _remembered(trait, weeks)
        here = [number for number, name in enumerate(names) if name in block.place]
        chosen = [block.place[names[number]] for number in here]
        effect += np.outer(size, block.fit.coefficients[chosen] @ shares[here])
        columns += chosen
        used.append((size, shares[here]))
    left = whole * np.exp(effect)
    gradient = np.concatenate([shares @ (size @ left) for size, shares in used])
    variance = float(gradient @ block.fit.covariance[np.ix_(columns, columns)] @ gradient)
    return (left - whole).sum(axis=0), max(variance, 0.0)


@functools.lru_cache(maxsize=64)
def _remembered(trait: str, weeks: int) -> tuple[list[str], np.ndarray]:
    """Lag columns of a trait of a promotion of so many weeks: their names, and by week (columns, weeks + 6) the share that it
    counts for."""
    on = (np.arange(weeks + LONGEST_LAG) < weeks).astype(float)[None]
    columns = [column for column in lag_columns(on, on) if column.name.split("_")[1] == trait]
    return [column.name for column in columns], np.concatenate([column.values for column in columns])
