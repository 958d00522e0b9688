"""Tries promotions of one product at some stores: what was seen there, in the weeks that are free, each with the best sharing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from ai.data.weeks import monday_of, week_number
from ai.economics import Missing, turnover_of
from ai.models.simulate import Simulation
from ai.planning_schemas import DraftAsked, Refusal
from ai.recommend.choice import Limits, Verdict, Worth, best_sharing, order
from ai.recommend.seen import Kind, busy_weeks, free_starts, kinds_seen, last_promoted
from ai.recommend_schemas import NotProposed, RecommendRequest
from ai.schemas import CostsGiven
from ai.serving import Ready
from ai.simulate_api import outcomes_of, returns, simulated

SHARINGS = tuple(round(step / 20, 2) for step in range(21))  # of the price cut, what the manufacturer pays
TRIED_FURTHER = 2  # kinds that are tried in all weeks, after all kinds were tried in the first
_NOT_SEEN = "it was never promoted, so there is no kind of promotion to propose"


@dataclass(frozen=True)
class Tried:
    """One promotion that was worked out, with the sharing of its cost that suits best."""

    product_id: str
    start: int
    kind: Kind
    draft: DraftAsked
    found: Simulation
    worth: Worth
    verdict: Verdict


@dataclass(frozen=True)
class Place:
    """Where and when a promotion is looked for."""

    asked: RecommendRequest
    customers: frozenset[str]
    first: int
    last: int
    limits: Limits


def of_product(ready: Ready, place: Place, product_id: str) -> list[Tried] | NotProposed | Refusal:
    """Every promotion of the product that was worked out, or why there is none."""
    panel, asked = ready.panel, place.asked
    series = np.array([n for n, (c, p) in enumerate(panel.series) if p == product_id and c in place.customers], dtype=int)
    if not len(series):
        return Refusal(product_id=product_id, reason="it never sold at these customers")
    everywhere = np.array([n for n, (_c, p) in enumerate(panel.series) if p == product_id], dtype=int)
    kinds = kinds_seen(panel, series, asked.deepest) or kinds_seen(panel, everywhere, asked.deepest)
    if not kinds:
        deeper = bool(kinds_seen(panel, everywhere, 1.0))
        reason = f"it was never promoted at {100 * asked.deepest:.0f} % off or less" if deeper else _NOT_SEEN
        return Refusal(product_id=product_id, reason=reason)
    before = last_promoted(panel, series)
    blackout = [week_number(day) for day in asked.blackout]
    starts = free_starts(
        place.first,
        place.last,
        asked.weeks,
        asked.weeks_between,
        blackout,
        busy_weeks(panel, asked.taken, place.customers, product_id),
        before,
    )
    if not starts:
        reason = "no week is free: blackout weeks and the distance to other promotions leave none"
        return NotProposed(product_id=product_id, code="no_weeks", reason=reason)
    tried: list[Tried] = []
    for kind in kinds:
        one = _tried(ready, place, product_id, starts[0], kind)
        if isinstance(one, str):
            return Refusal(product_id=product_id, reason=one)
        tried.append(one)
    further = sorted(tried, key=lambda one: order(one.verdict, one.worth))[:TRIED_FURTHER]
    for kind in [one.kind for one in further]:
        tried += [one for start in starts[1:] if not isinstance(one := _tried(ready, place, product_id, start, kind), str)]
    return tried


def _tried(ready: Ready, place: Place, product_id: str, start: int, kind: Kind) -> Tried | str:
    """One promotion worked out, with the sharing that suits best; a text when it cannot be."""
    asked = place.asked
    fixed = [asked.costs.fixed, asked.costs.feature if kind.feature else None, asked.costs.display if kind.display else None]
    draft = DraftAsked(
        customer_ids=asked.customer_ids, product_ids=[product_id], start=monday_of(start), end=_last_day(start, asked.weeks),
        cut=kind.cut, deal=kind.deal, feature=kind.feature, display=kind.display,
        costs=CostsGiven(fixed=sum((one for one in fixed if one is not None), Decimal(0))),
    )  # fmt: skip
    found = simulated(ready, draft, "")
    if not found.products:
        return "; ".join(reason for _product, reason in found.refused)
    shares = _shares(ready, draft, found, asked)
    drafts = [draft.model_copy(update={"funding_share": share}) for share in shares]

    def worth_of(number: int) -> Worth:
        return _worth(ready, drafts[number], found, asked.side, number)

    worth, verdict = best_sharing(len(shares), worth_of, place.limits)
    return Tried(product_id, start, kind, drafts[worth.sharing], found, worth, verdict)


def _shares(ready: Ready, draft: DraftAsked, found: Simulation, asked: RecommendRequest) -> tuple[float, ...]:
    """Shares of the price cut that the manufacturer may pay, those that leave most to the asked side first; where the other
    side's figures are not known, the one that leaves least."""
    if asked.funding_share is not None:
        return (asked.funding_share,)
    ordered = SHARINGS if asked.side == "manufacturer" else SHARINGS[::-1]
    worst = _worth(ready, draft.model_copy(update={"funding_share": ordered[-1]}), found, asked.side, len(ordered) - 1)
    return ordered[-1:] if isinstance(worst.other, Missing) else ordered


def _worth(ready: Ready, draft: DraftAsked, found: Simulation, asked_side: str, sharing: int) -> Worth:
    manufacturer, retailer = returns(ready, draft, found)
    own, other = (manufacturer, retailer) if asked_side == "manufacturer" else (retailer, manufacturer)
    return Worth(own, other, turnover_of(outcomes_of(ready, draft, found), asked_side), sharing)


def _last_day(start: int, weeks: int) -> date:
    return monday_of(start + weeks) - timedelta(days=1)
