"""The best set of candidate events as a mixed-integer program (HiGHS): its value, the bound, and why each is in or out.

Money is whole cents here, so that a budget is kept to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

SECONDS = 10.0
DIAGNOSIS_SECONDS = 2.0
GAP = 0.005  # stops when the best calendar is proven to be this near the bound


@dataclass(frozen=True)
class Candidate:
    """An event that could run: what it earns and costs (cents), what it sells, and where (products at customers) and when."""

    id: str
    value: int
    spend: int
    units: float
    places: frozenset[tuple[str, str]]  # customer, product
    first: int  # week numbers, inclusive
    last: int


@dataclass(frozen=True)
class Rules:
    """budget in cents; weeks between events of one product at one customer; caps; units to reach; ids forced in or out."""

    budget: int
    weeks_between: int = 0
    most_events: int | None = None
    most_at_once: int | None = None
    fewest_units: float | None = None
    must: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


class NoCalendar(Exception):
    """No set of events keeps all rules; the message says which to loosen."""


@dataclass(frozen=True)
class Reason:
    """Why an event is in or out. code: chosen, demanded, excluded, loses, near, budget or limit; rivals: what keeps it out."""

    code: str
    text: str
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """chosen ids; value and spend in cents; bound: no calendar earns more; gap as a share of the bound; reasons by id."""

    chosen: tuple[str, ...]
    value: int
    spend: int
    units: float
    bound: float
    gap: float
    proven: bool
    reasons: dict[str, Reason]


def best_calendar(candidates: list[Candidate], rules: Rules, seconds: float = SECONDS) -> Calendar:
    """The most valuable calendar that keeps the rules. Raises NoCalendar."""
    value = np.array([candidate.value for candidate in candidates], dtype=float)
    if rules.must & rules.never:
        raise NoCalendar("an event is both demanded and excluded; decide on one")
    found = _solve(value, candidates, rules, seconds)
    if found.x is None:
        raise NoCalendar(_why_not(candidates, rules))
    taken = [candidate for candidate, share in zip(candidates, found.x, strict=True) if share > 0.5]
    total = sum(candidate.value for candidate in taken)
    bound = max(-float(found.mip_dual_bound), float(total))
    return Calendar(
        chosen=tuple(candidate.id for candidate in taken),
        value=total,
        spend=sum(candidate.spend for candidate in taken),
        units=sum(candidate.units for candidate in taken),
        bound=bound,
        gap=(bound - total) / max(abs(bound), 1.0),
        proven=found.status == 0,
        reasons=_reasons(candidates, taken, rules),
    )


def _solve(worth: np.ndarray, candidates: list[Candidate], rules: Rules, seconds: float) -> Any:
    """The set of events that is worth most (`worth` an event) under the rules; its x is None when there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows, low, high = _constraints(candidates, rules)
    lower = np.array([float(candidate.id in rules.must) for candidate in candidates])
    upper = np.array([float(candidate.id not in rules.never) for candidate in candidates])
    return milp(
        -worth,
        integrality=np.ones(len(candidates)),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        options={"time_limit": seconds, "mip_rel_gap": GAP},
    )


def _why_not(candidates: list[Candidate], rules: Rules) -> str:
    """Which rule stands in the way, found by leaving each out in turn."""
    units = np.array([candidate.units for candidate in candidates])
    without_target = replace(rules, fewest_units=None)
    if rules.fewest_units is not None:
        most = _solve(units, candidates, without_target, DIAGNOSIS_SECONDS)
        if most.x is not None:
            reachable = float(units[most.x > 0.5].sum())
            return (
                f"{rules.fewest_units:.0f} incremental units cannot be reached: the other rules allow about {reachable:.0f}. "
                "Lower the units to reach, raise the budget, or offer more candidates"
            )
    demanded = sum(candidate.spend for candidate in candidates if candidate.id in rules.must)
    if demanded > rules.budget:
        return (
            f"the demanded events alone spend {demanded / 100:.2f}, more than the budget of {rules.budget / 100:.2f}. "
            "Raise the budget, or demand fewer events"
        )
    if rules.must:
        return "the demanded events are too near to each other, or more than the limits allow. Demand fewer of them"
    return "no calendar keeps all rules: raise the budget, or loosen the limits"


def _constraints(candidates: list[Candidate], rules: Rules) -> tuple[list[np.ndarray], list[float], list[float]]:
    """Rows of the program with their limits: budget, caps, units, and one event at a time in every place."""
    rows = [np.array([candidate.spend for candidate in candidates], dtype=float)]
    low, high = [-np.inf], [float(rules.budget)]
    if rules.most_events is not None:
        rows.append(np.ones(len(candidates)))
        low.append(0.0)
        high.append(float(rules.most_events))
    if rules.fewest_units is not None:
        rows.append(np.array([candidate.units for candidate in candidates]))
        low.append(rules.fewest_units)
        high.append(np.inf)
    cliques = set(_together(candidates, rules.weeks_between))
    for clique in cliques:
        rows.append(np.isin(np.arange(len(candidates)), list(clique)).astype(float))
        low.append(0.0)
        high.append(1.0)
    if rules.most_at_once is not None:
        for week in sorted({week for candidate in candidates for week in (candidate.first, candidate.last)}):
            running = np.array([float(candidate.first <= week <= candidate.last) for candidate in candidates])
            if running.sum() > rules.most_at_once:
                rows.append(running)
                low.append(0.0)
                high.append(float(rules.most_at_once))
    return rows, low, high


def _together(candidates: list[Candidate], between: int) -> Iterable[frozenset[int]]:
    """Sets of candidates of which at most one may run: they share a place and are too near in time."""
    by_place: dict[tuple[str, str], list[int]] = {}
    for number, candidate in enumerate(candidates):
        for place in candidate.places:
            by_place.setdefault(place, []).append(number)
    for numbers in {tuple(numbers) for numbers in by_place.values()}:
        for number in numbers:
            start = candidates[number].first  # every overlap contains the start of one of its events
            clash = frozenset(n for n in numbers if candidates[n].first <= start <= candidates[n].last + between)
            if len(clash) > 1:
                yield clash


def clash(one: Candidate, other: Candidate, between: int) -> bool:
    """Whether both cannot run: the same product at the same customer, less than `between` weeks apart."""
    near = one.first <= other.last + between and other.first <= one.last + between
    return near and bool(one.places & other.places)


def _reasons(candidates: list[Candidate], taken: list[Candidate], rules: Rules) -> dict[str, Reason]:
    left = rules.budget - sum(candidate.spend for candidate in taken)
    chosen = {candidate.id for candidate in taken}
    reasons = {}
    for candidate in candidates:
        near = (other.id for other in taken if other.id != candidate.id and clash(candidate, other, rules.weeks_between))
        rivals = () if candidate.id in chosen else tuple(near)[:3]
        if candidate.id in rules.must:
            reason = Reason("demanded", "demanded")
        elif candidate.id in chosen and candidate.value <= 0:
            reason = Reason("chosen", "in: the units to reach need it, though it loses money")
        elif candidate.id in chosen:
            reason = Reason("chosen", "in: it earns more than what it keeps out")
        elif candidate.id in rules.never:
            reason = Reason("excluded", "out: excluded")
        elif candidate.value <= 0:
            reason = Reason("loses", "out: it loses money")
        elif rivals:
            reason = Reason("near", f"out: too near to {', '.join(rivals)}, which earns more with the rest", rivals)
        elif candidate.spend > left:
            reason = Reason("budget", "out: what is left of the budget does not cover it")
        else:
            reason = Reason("limit", "out: the limit on the number of events is better used by others")
        reasons[candidate.id] = reason
    return reasons
