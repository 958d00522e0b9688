"""Where the effect of a promotion's trait comes from: the product's own sales, its category's, or the prior alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ai.data.panel import PRICE_CUT_THRESHOLD, Panel
from ai.features.columns import Block, price_depth
from ai.features.promotions import OWN_PRIORS, regular_price_column
from ai.models.loglinear import BlockModel, LogLinearModel

Basis = Literal["own", "category", "prior"]
# From the best ground to the weakest: a figure of several traits stands on the weakest of them.
_WEAKER: tuple[Basis, ...] = ("own", "category", "prior")
_CUT = -float(np.log(PRICE_CUT_THRESHOLD))  # a shallower one is no price cut
_MOVED = 0.02  # of the regular price: less is rounding
_RIVAL = "rival_depth:"


@dataclass(frozen=True)
class Effects:
    """Bases of one product at one retailer by trait: depth, deal, feature, display, regular_price, rival_depth:<product>."""

    bases: Mapping[str, Basis]

    def of(self, traits: Iterable[str]) -> Basis:
        """The basis of a figure that stands on all these traits."""
        found = [self.bases[trait] for trait in traits]
        return max(found, key=_WEAKER.index) if found else "own"


def own_effects(panel: Panel, model: LogLinearModel, block: BlockModel) -> Effects:
    """Of the product's own traits, worked out when first asked for: a slider asks with every move."""
    if block.block.key not in model.own_effects:
        model.own_effects[block.block.key] = effects_of(panel, block, rivals=False)
    return model.own_effects[block.block.key]


def effects_of(panel: Panel, model: BlockModel, rivals: bool = True) -> Effects:
    """What the sales of the product had of each trait; without `rivals`, only of its own."""
    prior_sd = dict(zip(model.names, model.prior_sd.tolist(), strict=True))

    def basis(trait: str, seen: bool) -> Basis:
        if seen:
            return "own"
        return "category" if trait in OWN_PRIORS and abs(prior_sd[trait] - OWN_PRIORS[trait][1]) > 1e-9 else "prior"

    return Effects({trait: basis(trait, seen) for trait, seen in _seen(panel, model, rivals).items()})


def _seen(panel: Panel, model: BlockModel, rivals: bool) -> dict[str, bool]:
    """Whether any week of any modelled store had the trait."""
    block, used = model.block, panel.known[model.block.series] & model.modelled[:, None]
    series = block.series
    regular = np.abs(regular_price_column(panel, block, model.usual_price).values)
    own = {
        "depth": price_depth(panel, series) > _CUT,
        **{name: getattr(panel, name)[series] > 0 for name in ("deal", "feature", "display")},
        "regular_price": regular > _MOVED,
    }
    found = {name: bool((values & used).any()) for name, values in own.items()}
    return found | _rivals_seen(panel, block, used) if rivals else found


def _rivals_seen(panel: Panel, block: Block, used: np.ndarray) -> dict[str, bool]:
    found = {}
    for rival, aligned in block.rivals:
        there = (aligned >= 0)[:, None] & used
        found[_RIVAL + rival] = bool((there & (price_depth(panel, np.maximum(aligned, 0)) > _CUT)).any())
    return found
