"""HTTP of the next best promotion: what was seen is simulated in the free weeks, and what earns most is proposed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from flask import Response

from ai.answers import side
from ai.data.panel import Panel
from ai.data.weeks import covered_weeks, monday_of, week_number
from ai.economics import Missing
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.forecast_api import weeks_ahead
from ai.models.book import MOST_WEEKS_AHEAD
from ai.models.simulate import Simulation
from ai.planning_schemas import Refusal
from ai.problems import Invalid
from ai.recommend.choice import Limits, net_of, order
from ai.recommend.search import Place, Tried, of_product
from ai.recommend.seen import last_promoted
from ai.recommend.words import reasons, sharing, why_none
from ai.recommend_schemas import MOST_PRODUCTS, NotProposed, Proposal, RecommendAnswer, RecommendRequest
from ai.serving import Ready
from ai.simulate_api import units_of, warnings_of
from ai.wording import week_text

WEEKS_AHEAD = 13  # that are looked at unless asked otherwise


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
    place = Place(asked, customers, first, last, Limits(asked.most_spend, _decimal(asked.most_spend_share)))
    proposed: list[tuple[Tried, list[Tried]]] = []
    others: list[NotProposed] = []
    refused: list[Refusal] = []
    considered = 0
    for product_id in _products(panel, asked, customers):
        told = of_product(ready, place, product_id)
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
            proposals=[_proposal(ready, place, best, everything) for best, everything in proposed[: asked.most]],
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
    weeks_ahead(panel, (first, last), "start", "start" if asked.end is None else "end")
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


def _proposal(ready: Ready, place: Place, best: Tried, everything: list[Tried]) -> Proposal:
    panel, own, other, draft = ready.panel, best.worth.own, best.worth.other, best.draft
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
    given = place.asked.funding_share is not None
    return Proposal(
        product_id=best.product_id, start=draft.start, end=draft.end, cut=best.kind.cut, deal=best.kind.deal,
        feature=best.kind.feature, display=best.kind.display, funding_share=float(draft.funding_share or 0),
        fixed=str(draft.costs.fixed or 0),
        price_regular=_mean_price(best.found, "price_regular"), price=_mean_price(best.found, "price"),
        stores=len({panel.series[number][0] for number in series.tolist()}), net=str(own.net), net_lo80=str(own.net_lo80),
        net_hi80=str(own.net_hi80), sure=own.net_lo80 > 0, **units, manufacturer=side(manufacturer), retailer=side(retailer),
        last_promotion=None if before is None else monday_of(before),
        reasons=[
            *reasons(best.kind, best.found, best.worth, best.start, before, panel.weeks,
                     None if runner_up is None else (runner_up.kind, runner_up.worth),
                     None if soonest is None else (soonest.start, soonest.verdict, soonest.worth)),
            *warnings_of(ready, draft, best.found),
            *([] if given or isinstance(other, Missing) else [sharing(place.asked.side, float(draft.funding_share or 0))]),
        ],
    )  # fmt: skip


def _mean_price(found: Simulation, name: str) -> float:
    """Over retailers, weighted by the units on promotion."""
    prices = [getattr(product, name) for product in found.products]
    return round(float(np.average(prices, weights=[product.promoted + 1e-9 for product in found.products])), 4)


def _not_proposed(best: Tried, asked_side: str) -> NotProposed:
    assert best.verdict != "pays"
    net = None if isinstance(best.worth.own, Missing) else str(best.worth.own.net)
    reason = why_none(best.verdict, best.kind, best.worth, best.start, asked_side)
    return NotProposed(product_id=best.product_id, code=best.verdict, reason=reason, net=net)


def _beyond(best: Tried) -> NotProposed:
    reason = f"it pays too, in the week of {week_text(best.start)}, but less than those proposed"
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
