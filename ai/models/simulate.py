"""A promotion that does not exist yet: quiet weeks of the forecast, times what the fitted coefficients say it does.

Units split exactly: net = incremental + after-effect + cannibalised. With a positive coefficient of depth, incremental units
never fall as the price falls: the model is log-linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.means import known_mean
from ai.features.columns import DEPTH_LIMITS
from ai.models.loglinear import BlockModel
from ai.models.place import OWN, Place, ProductThere
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
    """What the draft would do there: each product, and what they do to the others of their shelf."""
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
    names = [name for name in OWN if name in block.place]
    traits[:, [block.place[name] for name in names]] = _traits(names, depth, draft)
    return traits


def _traits(names: list[str], depth: np.ndarray, draft: Draft) -> np.ndarray:
    """(stores, names) values of these columns of the design."""
    values: dict[str, np.ndarray | float] = {
        "depth": depth,
        "deal": draft.deal,
        "feature": draft.feature,
        "display": draft.display,
        "feature_x_depth": draft.feature * depth,
        "deal_x_depth": draft.deal * depth,
    }
    traits = np.empty((len(depth), len(names)))
    for number, name in enumerate(names):
        traits[:, number] = values[name]
    return traits


def _product(there: ProductThere, weeks: int, draft: Draft) -> tuple[DraftProduct, np.ndarray, np.ndarray]:
    """The product, with the depth of its cut and its units in the promotion's weeks, (stores,) each."""
    block, base = there.block, there.base
    depth = _depth(there.usual, draft)
    traits = _traits(there.own.names, depth, draft)
    lift = np.exp(np.clip(traits @ there.own.values, -5.0, 5.0))
    during = base[:, :weeks]
    promoted = during * lift[:, None]
    units = promoted.sum(axis=1)
    whole = np.concatenate([promoted, base[:, weeks:]], axis=1)
    gradient, sold = units @ traits, float(units.sum())
    shared = (block.shared.level + block.shared.promoted / weeks) * sold**2
    own = (block.own.level + block.own.promoted / weeks) * float(units @ units)
    after, after_variance = _after(there, whole, depth, draft.feature)
    weight = units + 1e-9
    weighed = float(weight.sum())
    product = DraftProduct(
        block=block,
        series=there.series,
        baseline=float(during.sum()),
        promoted=sold,
        sd=float(np.sqrt(max(gradient @ there.own.covariance @ gradient, 0.0) + shared + own)),
        after=float(after.sum()),
        after_variance=after_variance,
        price_regular=float(weight @ there.usual) / weighed,
        price=float(weight @ (there.usual * np.exp(-depth))) / weighed,
        cost_regular=known_mean(there.cost, weight),
        weekly=DraftWeeks(base.sum(axis=0), whole.sum(axis=0), after, _weekly_variance(there, promoted, traits, len(after))),
    )
    return product, depth, units


def _weekly_variance(there: ProductThere, promoted: np.ndarray, traits: np.ndarray, weeks: int) -> np.ndarray:
    """(weeks,) of the promoted units of each single week: coefficients, the chain's shock and the stores' own."""
    block, gradients = there.block, promoted.T @ traits
    shared = (block.shared.level + block.shared.promoted) * promoted.sum(axis=0) ** 2
    own = (block.own.level + block.own.promoted) * (promoted**2).sum(axis=0)
    found = np.zeros(weeks)
    found[: len(gradients)] = ((gradients @ there.own.covariance) * gradients).sum(axis=1) + shared + own
    return np.maximum(found, 0.0)


def _after(there: ProductThere, whole: np.ndarray, depth: np.ndarray, feature: float) -> tuple[np.ndarray, float]:
    """(weeks + 6,) units that the promotion leaves in its own later weeks and the six behind it; variance of their sum.

    whole: (stores, weeks + 6) units without what is left. What the promotion leaves in a week is the size of its trait at the
    store, the same in each of its weeks, times the share of the weeks remembered that it was on.
    """
    sizes = {"depth": np.maximum(depth, 0.0), "feature": np.full(len(depth), feature)}
    effect = sum((np.outer(sizes[trait], effect) for trait, _shares, effect in there.memories), np.zeros(whole.shape))
    left = whole * np.exp(effect)
    gradient = np.concatenate([shares @ (sizes[trait] @ left) for trait, shares, _effect in there.memories])
    variance = float(gradient @ there.later.covariance @ gradient)
    return (left - whole).sum(axis=0), max(variance, 0.0)
