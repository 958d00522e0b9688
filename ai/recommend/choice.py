"""Which of the promotions that were worked out to propose: the one that earns most, and never one that loses money (pure)."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ai.economics import NOTHING, Missing, Return

Verdict = Literal["pays", "loses", "other_side_loses", "guardrail", "missing"]
# From the best case for a reader to the worst: what stands nearest to paying is told.
_NEAREST: tuple[Verdict, ...] = ("pays", "other_side_loses", "guardrail", "loses", "missing")


@dataclass(frozen=True)
class Limits:
    """most_spend: money of the asked side; most_spend_share: of its promoted sales."""

    most_spend: Decimal | None = None
    most_spend_share: Decimal | None = None


@dataclass(frozen=True)
class Worth:
    """Both sides of one promotion with one sharing (by its number) of its cost; turnover: the asked side's sales in its weeks."""

    own: Return | Missing
    other: Return | Missing
    turnover: Decimal
    sharing: int


def verdict(worth: Worth, limits: Limits) -> Verdict:
    """Whether it may be proposed: the asked side gains, the other does not lose (where its figures are known)."""
    if isinstance(worth.own, Missing):
        return "missing"
    if worth.own.net <= 0:
        return "loses"
    if _loses(worth.other):
        return "other_side_loses"
    too_dear = limits.most_spend is not None and worth.own.spend > limits.most_spend
    share = limits.most_spend_share
    if too_dear or (share is not None and worth.own.spend > share * worth.turnover):
        return "guardrail"
    return "pays"


def net_of(worth: Worth) -> Decimal:
    """What the asked side gains; zero where it cannot be said."""
    return NOTHING if isinstance(worth.own, Missing) else worth.own.net


def best_sharing(count: int, worth_of: Callable[[int], Worth], limits: Limits) -> tuple[Worth, Verdict]:
    """Of `count` (at least one) sharings of one promotion's cost the one that pays the asked side best, else the nearest to it.

    They are numbered by what they leave to the asked side, most first, so the other side gains with every number: the first at
    which it does not lose is the best, and is found by bisection.
    """
    worked = functools.cache(worth_of)
    first = bisect_left(range(count), True, key=lambda number: not _loses(worked(number).other))
    judged = [(worked(n), verdict(worked(n), limits)) for n in sorted({max(first - 1, 0), min(first, count - 1)})]
    return min(judged, key=lambda one: order(one[1], one[0]))


def _loses(side: Return | Missing) -> bool:
    return not isinstance(side, Missing) and side.net < 0


def order(verdict: Verdict, worth: Worth) -> tuple[int, Decimal]:
    """Sorts the best first: what pays before what does not, then by what the asked side gains."""
    return _NEAREST.index(verdict), -net_of(worth)
