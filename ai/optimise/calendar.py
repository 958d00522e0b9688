"""The best set of candidate events as a mixed-integer program (HiGHS): its value, the bound, and why each is in or out.

Money is whole cents here, so that a budget is kept to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SECONDS = 10.0
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
class Calendar:
    """chosen ids; value and spend in cents; bound: no calendar earns more; gap as a share of the bound; reasons by id."""

    chosen: tuple[str, ...]
    value: int
    spend: int
    units: float
    bound: float
    gap: float
    proven: bool
    reasons: dict[str, str]


def best_calendar(candidates: list[Candidate], rules: Rules, seconds: float = SECONDS) -> Calendar:
    """The most valuable calendar that keeps the rules. Raises NoCalendar."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    value = np.array([candidate.value for candidate in candidates], dtype=float)
    rows, low, high = _constraints(candidates, rules)
    lower = np.array([float(candidate.id in rules.must) for candidate in candidates])
    upper = np.array([float(candidate.id not in rules.never) for candidate in candidates])
    if (lower > upper).any():
        raise NoCalendar("an event is both demanded and excluded; decide on one")
    found = milp(
        -value,
        integrality=np.ones(len(candidates)),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        options={"time_limit": seconds, "mip_rel_gap": GAP},
    )
    if found.x is None:
        raise NoCalendar("no calendar keeps all rules: raise the budget, lower the units to reach, or demand fewer events")
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


def _reasons(candidates: list[Candidate], taken: list[Candidate], rules: Rules) -> dict[str, str]:
    left = rules.budget - sum(candidate.spend for candidate in taken)
    chosen = {candidate.id for candidate in taken}
    reasons = {}
    for candidate in candidates:
        rivals = [other.id for other in taken if other.id != candidate.id and clash(candidate, other, rules.weeks_between)]
        if candidate.id in chosen:
            reason = "demanded" if candidate.id in rules.must else "in: it earns more than what it keeps out"
        elif candidate.id in rules.never:
            reason = "out: excluded"
        elif candidate.value <= 0:
            reason = "out: it loses money"
        elif rivals:
            reason = f"out: too near to {', '.join(rivals[:3])}, which earns more with the rest"
        elif candidate.spend > left:
            reason = "out: what is left of the budget does not cover it"
        else:
            reason = "out: the limit on the number of events is better used by others"
        reasons[candidate.id] = reason
    return reasons
