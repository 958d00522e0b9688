"""What may be proposed: the kinds of promotions that these stores have had, and the weeks that are free for the next one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.data.weeks import covered_weeks
from ai.planning_schemas import TakenAsked

STEP = 0.05  # cuts are proposed in steps of this share
MOST_DEPTHS = 5
SEEN = 0.2  # of the stores in a week make a promotion of the chain
_FEWEST_SHARE = 0.03  # of the promoted store-weeks had a cut before it is proposed
_ROUNDED = 0.05


@dataclass(frozen=True)
class Kind:
    """A price cut (share) with the shares of stores that flag it, advertise it and place it a second time."""

    cut: float
    deal: float
    feature: float
    display: float


@dataclass(frozen=True)
class Busy:
    """Week numbers, inclusive, in which a promotion of the product runs already."""

    first: int
    last: int

    def near(self, first: int, last: int, between: int) -> bool:
        """Whether a promotion in these weeks would not keep `between` quiet weeks from it."""
        return first <= self.last + between and self.first <= last + between


def busy_weeks(panel: Panel, taken: Iterable[TakenAsked], customers: Set[str], product_id: str) -> Iterator[Busy]:
    """Planned promotions of the product that share a store with `customers` (leaves)."""
    for one in taken:
        if product_id in one.product_ids and customers & {*panel.stores_under(one.customer_ids), *one.customer_ids}:
            yield Busy(*covered_weeks(one.start, one.end))


def kinds_seen(panel: Panel, series: np.ndarray, deepest: float) -> list[Kind]:
    """Every depth seen, up to `deepest`, with every support seen; empty when nothing was ever promoted there."""
    promoted = panel.promoted[series] & panel.known[series]
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = 1 - panel.price[series] / panel.price_regular[series]
    depths = _depths(cut[promoted & np.isfinite(cut)], deepest)
    return [Kind(depth, *support) for depth in depths for support in _supports(panel, series)]


def _depths(cuts: np.ndarray, deepest: float) -> list[float]:
    """Cuts in whole STEPs that enough promoted weeks had; at most MOST_DEPTHS, spread over them."""
    steps = np.rint(cuts / STEP).astype(int)
    steps = steps[(steps > 0) & (steps * STEP <= deepest + 1e-9)]
    if not len(steps):
        return []
    values, counts = np.unique(steps, return_counts=True)
    values = values[counts >= _FEWEST_SHARE * len(steps)]
    if len(values) > MOST_DEPTHS:
        values = values[np.unique(np.rint(np.linspace(0, len(values) - 1, MOST_DEPTHS)).astype(int))]
    return [round(float(value) * STEP, 2) for value in values]


def _supports(panel: Panel, series: np.ndarray) -> list[tuple[float, float, float]]:
    """(deal, feature, display) shares of the stores: unsupported, advertised, displayed, both; as far as they were seen."""
    sold = np.maximum(panel.known[series].sum(axis=0), 1)
    shares = {name: getattr(panel, name)[series].sum(axis=0) / sold for name in ("deal", "feature", "display")}
    deal = 1.0 if (shares["deal"] >= SEEN).any() else 0.0
    advertised, displayed = shares["feature"] >= SEEN, shares["display"] >= SEEN
    found = [(deal, 0.0, 0.0)]
    for weeks, feature, display in (
        (advertised & ~displayed, True, False),
        (displayed & ~advertised, False, True),
        (advertised & displayed, True, True),
    ):
        if weeks.any():
            usual = {name: _usual(shares[name], weeks) for name in ("feature", "display")}
            found.append((deal, usual["feature"] if feature else 0.0, usual["display"] if display else 0.0))
    return found


def _usual(shares: np.ndarray, weeks: np.ndarray) -> float:
    """The usual share of the stores in these weeks, rounded."""
    return round(min(max(round(float(np.median(shares[weeks])) / _ROUNDED) * _ROUNDED, _ROUNDED), 1.0), 2)


def last_promoted(panel: Panel, series: np.ndarray) -> int | None:
    """Number of the last week in which SEEN of the stores that sold had a promotion; None without any."""
    known = panel.known[series]
    share = (panel.promoted[series] & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    weeks = np.flatnonzero(share >= SEEN)
    return panel.first_week + int(weeks[-1]) if len(weeks) else None


def free_starts(
    first: int, last: int, weeks: int, between: int, blackout: Iterable[int], busy: Iterable[Busy], before: int | None
) -> list[int]:
    """Week numbers from `first` on whose promotion of `weeks` weeks ends by `last`, touches no blackout week, and keeps
    `between` quiet weeks from every busy one and from the last promotion in the sales, which ended in week `before`."""
    closed = frozenset(blackout)
    taken = [*busy, *([Busy(before, before)] if before is not None else [])]
    return [
        start
        for start in range(first, last - weeks + 2)
        if not closed.intersection(range(start, start + weeks))
        and not any(one.near(start, start + weeks - 1, between) for one in taken)
    ]
