"""Which found deal is which stored promotion, so that finding again changes nothing and ids survive (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.trade.promotions.deals import Deal


@dataclass(frozen=True)
class Matched:
    """`pairs` of (stored id, found deal), the `new` deals, and the ids of those that sales `gone` no longer show."""

    pairs: list[tuple[str, Deal]]
    new: list[Deal]
    gone: list[str]


def match(stored: Mapping[str, tuple[int, int]], found: Sequence[Deal]) -> Matched:
    """Pair stored windows (id -> first and last week) with the deals found now, within one product, customer and level.

    The same first week is the same promotion; what remains goes by the longest overlap. So a paired deal never takes a
    first week that another stored promotion holds.
    """
    left = dict(stored)
    by_first = {first: promotion_id for promotion_id, (first, _last) in stored.items()}
    pairs, open_deals = [], []
    for deal in found:
        promotion_id = by_first.get(deal.first)
        if promotion_id is None:
            open_deals.append(deal)
        else:
            pairs.append((promotion_id, deal))
            del left[promotion_id]
    new = []
    for deal in open_deals:
        best = max(left, key=lambda promotion_id: _overlap(left[promotion_id], deal), default=None)
        if best is not None and _overlap(left[best], deal) > 0:
            pairs.append((best, deal))
            del left[best]
        else:
            new.append(deal)
    return Matched(pairs, new, sorted(left))


def _overlap(window: tuple[int, int], deal: Deal) -> int:
    return min(window[1], deal.last) - max(window[0], deal.first) + 1
