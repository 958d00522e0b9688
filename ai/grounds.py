"""Says in words which effects of a promotion were never seen in the sales of a product, and what stands in for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ai.data.panel import Panel
from ai.models.book import Book
from ai.models.effects import Basis, own_effects
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.simulate import Draft, DraftProduct

_WORDS = {"depth": "a price cut", "deal": "a deal", "feature": "an advertisement", "display": "a display"}
_MOST_NAMED = 3


def unseen(panel: Panel, model: LogLinearModel, draft: Draft, products: Sequence[DraftProduct]) -> list[str]:
    """One sentence per trait of the draft and per stand-in; empty when the sales of every product had all of them."""
    found: dict[tuple[str, Basis], list[BlockModel]] = {}
    for product in products:
        effects = own_effects(panel, model, product.block)
        for trait, size in _used(draft, product).items():
            basis = effects.of([trait])
            if size > 0 and basis != "own":
                found.setdefault((trait, basis), []).append(product.block)
    return [_sentence(panel, trait, basis, members) for (trait, basis), members in found.items()]


def unseen_cut(panel: Panel, model: LogLinearModel, blocks: Sequence[BlockModel]) -> list[str]:
    """The same of a price cut alone: what a curve over price stands on."""
    found: dict[Basis, list[BlockModel]] = {}
    for block in blocks:
        found.setdefault(own_effects(panel, model, block).of(["depth"]), []).append(block)
    return [_sentence(panel, "depth", basis, members) for basis, members in found.items() if basis != "own"]


def far_ahead(book: Book, last: int) -> list[str]:
    """What to know of a forecast of the week number `last`, or of a promotion that ends in it."""
    learned = max(book.bound.model.horizons)
    if last - book.panel.last_week <= learned:
        return []
    return [f"the model learned to look {learned} weeks ahead; what lies beyond rests on price and season alone"]


def _used(draft: Draft, product: DraftProduct) -> Mapping[str, float]:
    cut = product.price_regular - product.price
    return {"depth": cut, "deal": draft.deal, "feature": draft.feature, "display": draft.display}


def _sentence(panel: Panel, trait: str, basis: Basis, members: Sequence[BlockModel]) -> str:
    names = _names(panel, members)
    start = f"no sale of {names} ever had {_WORDS[trait]}: its effect"
    if basis == "category":
        return f"{start} is that of other products of the category"
    if trait == "depth":
        return f"{start} is the mean of published studies, not measured in these sales"
    assumed = max(math.expm1(member.fit.coefficients[member.names.index(trait)]) for member in members)
    return f"{start} (about {100 * assumed:+.0f} % at a store that has it) is assumed, not measured in these sales"


def _names(panel: Panel, blocks: Sequence[BlockModel]) -> str:
    ids = list(dict.fromkeys(block.block.product_id for block in blocks))
    named = [panel.products[key].name if key in panel.products else key for key in ids]
    more = len(named) - _MOST_NAMED
    return ", ".join(named) if more <= 0 else f"{', '.join(named[:_MOST_NAMED])} and {more} more"
