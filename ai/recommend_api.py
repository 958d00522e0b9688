"""HTTP of the next best promotion: what was seen is simulated in the free weeks, and what earns most is proposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from flask import Response

from ai.answers import side
from ai.data.panel import Panel
from ai.data.weeks import covered_weeks, monday_of, week_number
from ai.economics import Missing, turnover_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.forecast_api import weeks_ahead
from ai.models.book import MOST_WEEKS_AHEAD
from ai.models.simulate import Simulation
from ai.planning_schemas import DraftAsked, Refusal
from ai.problems import Invalid
from ai.recommend.choice import Limits, Verdict, Worth, best_sharing, net_of, order
from ai.recommend.seen import Busy, Kind, free_starts, kinds_seen, last_promoted
from ai.recommend.words import reasons, sharing, why_none
from ai.recommend_schemas import MOST_PRODUCTS, NotProposed, Proposal, RecommendAnswer, RecommendRequest
from ai.schemas import CostsGiven
from ai.serving import Ready
from ai.simulate_api import outcomes_of, returns, simulated, units_of

WEEKS_AHEAD = 13  # that are looked at unless asked otherwise
SHARINGS = tuple(round(step / 20, 2) for step in range(21))  # of the price cut, what the manufacturer pays
TRIED_FURTHER = 2  # kinds that are tried in all weeks, after all kinds were tried in the first
_NOT_SEEN = "it was never promoted, so there is no kind of promotion to propose"


@dataclass(frozen=True)
class _Tried:
    """One promotion that was worked out, with the sharing of its cost that suits best."""

    product_id: str
    start: int
    kind: Kind
    draft: DraftAsked
    found: Simulation
    worth: Worth
    verdict: Verdict


@dataclass(frozen=True)
class _Place:
    """Where and when a promotion is looked for."""

    asked: RecommendRequest
    customers: frozenset[str]
    first: int
    last: int
    limits: Limits


@blueprint.post("/recommend")
def recommend() -> Response:
    """The next promotions that pay at these customers, the best first, each with its reasons; or that none pays."""
    asked = read_body(RecommendRequest)
    ready = parts().serving.ready(asked.source)
    panel = ready.panel
    known_ids(panel, "", asked.customer_ids, asked.product_ids)
    for number, taken in enumerate(asked.taken):
        known_ids(panel, f"taken.{number}.", taken.customer_ids, taken.product_ids)
    customers = frozenset(panel.stores_under(asked.customer_ids)) | frozenset(asked.customer_ids)
    first, last = _window(panel, asked)
    place = _Place(asked, customers, first, last, Limits(asked.most_spend, _decimal(asked.most_spend_share)))
    proposed: list[tuple[_Tried, list[_Tried]]] = []
    others: list[NotProposed] = []
    refused: list[Refusal] = []
    considered = 0
    for product_id in _products(panel, asked, customers):
        told = _of_product(ready, place, product_id)
        if isinstance(told, Refusal):
            refused.append(told)
        elif isinstance(told, NotProposed):
            others.append(told)
        else:
            considered += len(told)
            best = min(told, key=lambda one: (*order(one.verdict, one.worth), one.start))
            if best.verdict == "pays":
                proposed.append((best, told))
            else:
                others.append(_not_proposed(best, asked.side))
    if refused and not proposed and not others:
        message = "; ".join(f"{one.product_id}: {one.reason}" for one in refused)
        raise Invalid("Nothing can be recommended", [{"field": "product_ids", "message": message[:1_000]}])
    proposed.sort(key=lambda pair: (-net_of(pair[0].worth), pair[0].product_id))
    others = [_beyond(best) for best, _all in proposed[asked.most :]] + others
    return answer(
        RecommendAnswer(
            model=model_info(ready.entry),
            side=asked.side,
            considered=considered,
            proposals=[_proposal(panel, place, best, everything) for best, everything in proposed[: asked.most]],
            none_pays=None if proposed else _none_pays(panel, asked.side, considered, others),
            not_proposed=others,
            refused=refused,
        )
    )


def _decimal(share: float | None) -> Decimal | None:
    return None if share is None else Decimal(str(share))


def _window(panel: Panel, asked: RecommendRequest) -> tuple[int, int]:
    """First and last week that a promotion may touch. Raises Invalid naming the field."""
    first_open = panel.last_week + 1
    first = first_open if asked.start is None else week_number(asked.start)
    last = first + max(WEEKS_AHEAD, asked.weeks) - 1 if asked.end is None else covered_weeks(asked.end, asked.end)[1]
    if asked.end is None:
        last = max(min(last, panel.last_week + MOST_WEEKS_AHEAD), first)
    if asked.end is not None and asked.end < monday_of(first):
        raise Invalid("The weeks make no sense", [{"field": "end", "message": "the last day is before the first"}])
    weeks_ahead(panel, (first, last), "start", "end")
    if last - first + 1 < asked.weeks:
        field = "weeks" if asked.end is None else "end"
        message = f"{last - first + 1} weeks are left, but a promotion of {asked.weeks} is asked for"
        raise Invalid("The weeks do not hold a promotion", [{"field": field, "message": message}])
    return first, last


def _products(panel: Panel, asked: RecommendRequest, customers: frozenset[str]) -> list[str]:
    if asked.product_ids:
        return list(dict.fromkeys(asked.product_ids))
    sold = sorted({product for customer, product in panel.series if customer in customers})
    if not sold:
        raise Invalid("Nothing sold here", [{"field": "customer_ids", "message": "these customers have no sales yet"}])
    if len(sold) > MOST_PRODUCTS:
        message = f"{len(sold)} products sold here; name at most {MOST_PRODUCTS}"
        raise Invalid("Too many products", [{"field": "product_ids", "message": message}])
    return sold


def _of_product(ready: Ready, place: _Place, product_id: str) -> list[_Tried] | NotProposed | Refusal:
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
        place.first, place.last, asked.weeks, asked.weeks_between, blackout, _busy(panel, place, product_id), before
    )
    if not starts:
        reason = "no week is free: blackout weeks and the distance to other promotions leave none"
        return NotProposed(product_id=product_id, code="no_weeks", reason=reason)
    tried: list[_Tried] = []
    for kind in kinds:
        one = _tried(ready, place, product_id, starts[0], kind)
        if isinstance(one, str):
            return Refusal(product_id=product_id, reason=one)
        tried.append(one)
    further = sorted(tried, key=lambda one: order(one.verdict, one.worth))[:TRIED_FURTHER]
    for kind in [one.kind for one in further]:
        tried += [one for start in starts[1:] if not isinstance(one := _tried(ready, place, product_id, start, kind), str)]
    return tried


def _busy(panel: Panel, place: _Place, product_id: str) -> Iterator[Busy]:
    """Planned promotions of the product that share a store with these."""
    for taken in place.asked.taken:
        if product_id in taken.product_ids:
            there = {*panel.stores_under(taken.customer_ids), *taken.customer_ids}
            if there & place.customers:
                yield Busy(*covered_weeks(taken.start, taken.end))


def _tried(ready: Ready, place: _Place, product_id: str, start: int, kind: Kind) -> _Tried | str:
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
    return _Tried(product_id, start, kind, drafts[worth.sharing], found, worth, verdict)


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


def _proposal(panel: Panel, place: _Place, best: _Tried, everything: list[_Tried]) -> Proposal:
    own, other, draft = best.worth.own, best.worth.other, best.draft
    assert not isinstance(own, Missing)  # what cannot be valued is not proposed
    series = np.concatenate([product.series for product in best.found.products])
    before = last_promoted(panel, series)
    same_weeks = [one for one in everything if one.start == best.start and one.kind != best.kind and one.verdict == "pays"]
    runner_up = max(same_weeks, key=lambda one: net_of(one.worth), default=None)
    same_kind = [one for one in everything if one.kind == best.kind and one.start < best.start]
    soonest = min(same_kind, key=lambda one: one.start, default=None)
    manufacturer, retailer = (own, other) if place.asked.side == "manufacturer" else (other, own)
    units = units_of(best.found)
    units.pop("post_dip_units"), units.pop("cannibalised_units"), units.pop("net_units")
    product, given = best.found.products[0], place.asked.funding_share is not None
    return Proposal(
        product_id=best.product_id, start=draft.start, end=draft.end, cut=best.kind.cut, deal=best.kind.deal,
        feature=best.kind.feature, display=best.kind.display, funding_share=float(draft.funding_share or 0),
        fixed=str(draft.costs.fixed or 0), price_regular=round(product.price_regular, 4), price=round(product.price, 4),
        stores=len({panel.series[number][0] for number in series.tolist()}), net=str(own.net), net_lo80=str(own.net_lo80),
        net_hi80=str(own.net_hi80), sure=own.net_lo80 > 0, **units, manufacturer=side(manufacturer), retailer=side(retailer),
        last_promotion=None if before is None else monday_of(before),
        reasons=[
            *reasons(best.kind, best.found, best.worth, best.start, before, panel.weeks,
                     None if runner_up is None else (runner_up.kind, runner_up.worth),
                     None if soonest is None else (soonest.start, soonest.verdict, soonest.worth)),
            *([] if given or isinstance(other, Missing) else [sharing(place.asked.side, float(draft.funding_share or 0))]),
        ],
    )  # fmt: skip


def _not_proposed(best: _Tried, asked_side: str) -> NotProposed:
    assert best.verdict != "pays"
    net = None if isinstance(best.worth.own, Missing) else str(best.worth.own.net)
    reason = why_none(best.verdict, best.kind, best.worth, best.start, asked_side)
    return NotProposed(product_id=best.product_id, code=best.verdict, reason=reason, net=net)


def _beyond(best: _Tried) -> NotProposed:
    reason = f"it pays too, in the week of {monday_of(best.start).isoformat()}, but less than those proposed"
    return NotProposed(product_id=best.product_id, code="beyond", reason=reason, net=str(net_of(best.worth)))


def _none_pays(panel: Panel, asked_side: str, considered: int, others: list[NotProposed]) -> str:
    if not considered:
        return "No promotion can be proposed: no week is free for one of these products."
    known = [one for one in others if one.net is not None]
    told = f"No promotion pays: of {considered} that were worked out, none earns money for the {asked_side}"
    told += " without a loss for the other side or beyond a limit." if any(one.code != "loses" for one in known) else "."
    nearest = max(known, key=lambda one: Decimal(one.net or 0), default=None)
    if nearest is None:
        return told
    product = panel.products.get(nearest.product_id)
    return f"{told} The nearest is {product.name if product else nearest.product_id}: {nearest.reason}."
