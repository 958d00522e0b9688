"""What may be planned and which events a calendar is chosen from (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from app.core.errors import FieldError
from app.core.i18n import _
from app.trade.planning.models import FURTHEST_WEEKS, MOST_CANDIDATES, Mechanics, PlanInput, WhatIf
from app.trade.promotions.models import PromotionType
from app.trade.promotions.rules import MAX_DISCOUNT

_WEEK = timedelta(weeks=1)
_PER_UNIT = Decimal("0.0001")
_CENT = Decimal("0.01")


def monday_of(day: date) -> date:
    """The Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def last_day(start: date, weeks: int) -> date:
    """The Sunday that ends a promotion of `weeks` weeks from the week of `start`."""
    return monday_of(start) + weeks * _WEEK - timedelta(days=1)


def first_weeks(newest: date, weeks: int) -> list[date]:
    """The Mondays on which a promotion of `weeks` weeks may start, after the newest week with sales."""
    first = monday_of(newest) + _WEEK
    return [first + number * _WEEK for number in range(FURTHEST_WEEKS - weeks + 1)]


def window_errors(start: date, end: date, newest: date) -> list[FieldError]:
    """What is wrong with a window of weeks to come, when sales are known up to the week of `newest`."""
    first, furthest = monday_of(newest) + _WEEK, monday_of(newest) + FURTHEST_WEEKS * _WEEK + timedelta(days=6)
    if end < start:
        return [FieldError("end", _("The last day is before the first."))]
    if start < first:
        return [FieldError("start", _("Sales are known up to then. Start on {day} or later.", day=first.isoformat()))]
    if end > furthest:
        return [
            FieldError(
                "end",
                _("The forecast reaches {weeks} weeks ahead, to {day}.", weeks=FURTHEST_WEEKS, day=furthest.isoformat()),
            )
        ]
    return []


def discount_errors(mechanics: Mechanics) -> list[FieldError]:
    """The one limit that no plan may exceed."""
    if mechanics.discount > MAX_DISCOUNT:
        return [FieldError("discount", _("At most {max} % off is allowed.", max=int(MAX_DISCOUNT * 100)))]
    return []


def as_asked(mechanics: Mechanics, start: date, end: date) -> dict[str, Any]:
    """The part of a question to the AI service that describes the mechanics and the weeks."""
    return {
        "start": monday_of(start).isoformat(),
        "end": end.isoformat(),
        "cut": float(mechanics.discount),
        "deal": 1.0 if mechanics.deal else 0.0,
        "feature": float(mechanics.feature),
        "display": float(mechanics.display),
        "funding_share": float(mechanics.funding),
        "costs": {"fixed": str(mechanics.fixed)},
    }


def whatif_question(wanted: WhatIf, skus: Sequence[str]) -> dict[str, Any]:
    """A promotion that is tried out, as the AI service is asked about it."""
    end = last_day(wanted.start, wanted.weeks)
    places = {"customer_ids": [wanted.customer_id], "product_ids": list(skus), "source": wanted.source.value}
    return {**places, **as_asked(wanted, wanted.start, end)}


def promotion_type(mechanics: Mechanics) -> PromotionType:
    """What the shopper is offered: a lower price if there is one, else what draws the eye."""
    if mechanics.discount > 0 or (mechanics.feature == 0 and mechanics.display == 0):
        return PromotionType.PRICE_DISCOUNT
    return PromotionType.FEATURE if mechanics.feature >= mechanics.display else PromotionType.DISPLAY


def funding_per_unit(products: Sequence[Mapping[str, Any]], funding: Decimal) -> Decimal:
    """What the manufacturer pays per unit sold: its share of the price cut, mean over the products weighted by units."""
    cuts = Decimal(0)
    units = Decimal(0)
    for product in products:
        sold = Decimal(str(product["promoted_units"]))
        cut = Decimal(str(product["price_regular"])) - Decimal(str(product["price"]))
        cuts += sold * max(cut, Decimal(0))
        units += sold
    return (cuts / units * funding).quantize(_PER_UNIT, ROUND_HALF_EVEN) if units > 0 else Decimal(0)


@dataclass(frozen=True)
class Candidate:
    """An event that could run: one product at one customer for whole weeks; `mechanics` numbers those of the plan."""

    id: str
    customer_id: str
    product_id: str
    start: date
    end: date
    mechanics: int


@dataclass(frozen=True)
class Candidates:
    """The events that a calendar is chosen from; `every` nth week is tried as a start, so that they are not too many."""

    events: list[Candidate]
    every: int
    left_out: list[str]


def plan_errors(plan: PlanInput, newest: date) -> list[FieldError]:
    """Everything wrong with the question itself."""
    errors = window_errors(plan.start, plan.end, newest)
    for mechanics in plan.mechanics:
        errors += discount_errors(mechanics)
    if all(mechanics.discount > plan.rules.most_discount for mechanics in plan.mechanics):
        errors.append(
            FieldError(
                "most_discount",
                _("Every mechanic is deeper than {max} % off, so nothing is left to choose from.",
                  max=_percent(plan.rules.most_discount)),
            )
        )  # fmt: skip
    if not errors and not list(_mondays(plan)):
        errors.append(FieldError("end", _("No event of {weeks} weeks fits between these days.", weeks=plan.weeks)))
    return errors


def candidates(plan: PlanInput, skus: Sequence[str]) -> Candidates:
    """Each product at each customer with each mechanic in every week that the guardrails leave, thinned to MOST_CANDIDATES.

    Thinned starts are staggered over products and customers, so that no week is tried by none. Empty when even one start
    each would be too many.
    """
    left_out: list[str] = []
    usable = []
    for number, mechanics in enumerate(plan.mechanics):
        if mechanics.discount > plan.rules.most_discount:
            limit = _percent(plan.rules.most_discount)
            left_out.append(_("{cut} % off: the guardrail is {max} %", cut=_percent(mechanics.discount), max=limit))
        else:
            usable.append(number)
    free = [monday for monday in _mondays(plan) if not _in_blackout(plan, monday)]
    blocked = len(list(_mondays(plan))) - len(free)
    if blocked:
        left_out.append(_("{count} start weeks: they reach into a blackout week", count=blocked))
    places = [(customer, sku) for customer in plan.customer_ids for sku in skus]
    lines = len(places) * len(usable)
    if not free or not lines or lines > MOST_CANDIDATES:
        return Candidates([], 0, left_out)
    every = -(-len(free) * lines // MOST_CANDIDATES)
    while sum(len(free[place % every :: every]) for place in range(len(places))) * len(usable) > MOST_CANDIDATES:
        every += 1
    events: list[Candidate] = []
    for place, (customer, sku) in enumerate(places):
        for monday in free[place % every :: every]:
            for number in usable:
                key = f"e{len(events) + 1}"
                events.append(Candidate(key, customer, sku, monday, last_day(monday, plan.weeks), number))
    return Candidates(events, every, left_out)


def plan_question(plan: PlanInput, events: Sequence[Candidate], taken: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The plan as the AI service is asked about it; `taken`: promotions that exist already, see `taken.py`."""
    rules = plan.rules
    return {
        "candidates": [
            {
                "id": event.id,
                "customer_ids": [event.customer_id],
                "product_ids": [event.product_id],
                **as_asked(plan.mechanics[event.mechanics], event.start, event.end),
            }
            for event in events
        ],
        "side": plan.side,
        "budget": str(plan.budget),
        "weeks_between": rules.weeks_between,
        "most_events": rules.most_events,
        "most_at_once": rules.most_at_once,
        "most_spend_share": None if rules.most_spend_share is None else float(rules.most_spend_share),
        "fewest_incremental_units": rules.fewest_units,
        "taken": list(taken),
        "source": plan.source.value,
    }


def net_band(chosen: Sequence[Mapping[str, Any]]) -> tuple[Decimal, Decimal] | None:
    """80 % band of the net of these events: half-widths in quadrature, as their errors are independent in the model."""
    known = [event for event in chosen if event["net"] is not None and event["net_lo80"] is not None]
    if not known:
        return None
    net = sum((event["net"] for event in known), Decimal(0))
    below = sum(((event["net"] - event["net_lo80"]) ** 2 for event in known), Decimal(0)).sqrt()
    above = sum(((event["net_hi80"] - event["net"]) ** 2 for event in known), Decimal(0)).sqrt()
    return (net - below).quantize(_CENT, ROUND_HALF_EVEN), (net + above).quantize(_CENT, ROUND_HALF_EVEN)


def _mondays(plan: PlanInput) -> Iterator[date]:
    """Mondays on which a whole event fits into the period."""
    monday = monday_of(plan.start)
    if monday < plan.start:
        monday += _WEEK
    while last_day(monday, plan.weeks) <= plan.end:
        yield monday
        monday += _WEEK


def _in_blackout(plan: PlanInput, monday: date) -> bool:
    end = last_day(monday, plan.weeks)
    return any(monday <= day <= end for day in (monday_of(one) + timedelta(days=3) for one in plan.rules.blackout))


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"
