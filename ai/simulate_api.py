"""HTTP of simulated promotions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

import numpy as np
from flask import Response

from ai import economics
from ai.answers import other_product, side
from ai.data.panel import Panel
from ai.data.weeks import covered_weeks, monday_of
from ai.economics import Costs, Missing, ProductOutcome, Return, UnitBand
from ai.exchange import Parts, answer, blueprint, known_ids, model_info, parts, read_body
from ai.features.lags import LONGEST_LAG
from ai.forecast_api import weeks_ahead
from ai.grounds import far_ahead, unseen
from ai.models.book import MOST_WEEKS_AHEAD
from ai.models.shelf import SisterUnits
from ai.models.simulate import Draft, DraftProduct, Simulation, simulate
from ai.planning_schemas import (
    DraftAsked,
    Refusal,
    SimulateAnswer,
    SimulatedProduct,
    SimulatedWeek,
    SimulateRequest,
)
from ai.problems import Invalid
from ai.schemas import Band
from ai.serving import Ready

_Z80, _Z95 = 1.28155, 1.95996


@blueprint.post("/simulate")
def simulate_promotion() -> Response:
    """Expected units, after-effect, sisters, and both sides' return of a promotion that does not exist yet."""
    return answer(answer_to(parts(), read_body(SimulateRequest)))


def answer_to(service: Parts, asked: SimulateRequest) -> SimulateAnswer:
    """Raises Invalid naming the field, NoModel, NoSales, NoForecast."""
    ready = service.serving.ready(asked.source)
    known_ids(ready.panel, "", asked.customer_ids, asked.product_ids)
    found = simulated(ready, asked, "")
    if not found.products:
        reasons = "; ".join(f"{product_id}: {reason}" for product_id, reason in found.refused)
        raise Invalid("Nothing can be simulated", [{"field": "product_ids", "message": reasons}])
    manufacturer, retailer = returns(ready, asked, found)
    return SimulateAnswer(
        model=model_info(ready.entry),
        **units_of(found),
        stores=found.stores,
        weeks=_weeks(asked, found),
        products=[_simulated(product) for product in found.products],
        manufacturer=side(manufacturer),
        retailer=side(retailer),
        refused=[Refusal(product_id=product_id, reason=reason) for product_id, reason in found.refused],
        warnings=warnings_of(ready, asked, found),
    )


def simulated(ready: Ready, asked: DraftAsked, prefix: str) -> Simulation:
    """The draft on the serving model; raises Invalid with fields under `prefix`, NoForecast."""
    weeks = weeks_ahead(ready.panel, covered_weeks(asked.start, asked.end), f"{prefix}start", f"{prefix}end")
    draft = Draft(
        price=None if asked.price is None else float(asked.price),
        cut=asked.cut,
        deal=asked.deal,
        feature=asked.feature,
        display=asked.display,
    )
    return simulate(ready.place(asked.customer_ids, asked.product_ids, weeks[0], len(weeks)), draft)


def work_out_weeks(ready: Ready, drafts: Iterable[DraftAsked]) -> None:
    """The quiet weeks that these drafts stand on, all at once: week by week they would cost many times as much."""
    last, furthest = ready.panel.last_week, ready.panel.last_week + MOST_WEEKS_AHEAD
    reach = (covered_weeks(draft.start, draft.end) for draft in drafts)
    weeks = {week for start, end in reach for week in range(max(start, last + 1), min(end + LONGEST_LAG, furthest) + 1)}
    if weeks:
        ready.quiet_weeks().units(sorted(weeks))


def returns(ready: Ready, asked: DraftAsked, found: Simulation) -> tuple[Return | Missing, Return | Missing]:
    """The manufacturer's side and the retailer's."""
    costs = Costs(asked.costs.fixed, asked.costs.per_unit)
    outcomes = outcomes_of(ready, asked, found)
    inside = {product.block.block.key for product in found.products}
    others = [
        other_product(ready.panel, one.key[0], one.units, one.variance, one.price_regular, one.cost_regular)
        for one in found.sisters
        if one.key not in inside
    ]
    return economics.manufacturer_return(outcomes, costs, others), economics.retailer_return(outcomes, costs, others)


def outcomes_of(ready: Ready, asked: DraftAsked, found: Simulation) -> list[ProductOutcome]:
    """Each product as the economics take it: less what the draft's other products take from it, which is not sold at all."""
    taken = {one.key: one for one in found.sisters}
    return [_outcome(product, ready.panel, asked, taken.get(product.block.block.key)) for product in found.products]


def _rounded(value: float) -> float:
    return round(float(value), 2)


def units_of(found: Simulation) -> dict[str, float | Band]:
    """Rounded parts; net is the sum of the rounded ones, so that it adds up on the page too."""
    baseline = _rounded(sum(product.baseline for product in found.products))
    promoted = _rounded(sum(product.promoted for product in found.products))
    mean = _rounded(promoted - baseline)
    variance = sum(product.sd**2 for product in found.products)
    after = _rounded(sum(product.after for product in found.products))
    after_variance = sum(product.after_variance for product in found.products)
    cannibalised = _rounded(found.cannibalised)
    net = _rounded(mean + after + cannibalised)
    return {
        "baseline_units": baseline,
        "promoted_units": promoted,
        "incremental_units": _band(mean, variance, -baseline),
        "post_dip_units": after,
        "cannibalised_units": cannibalised,
        "net_units": net,
        "post_dip_band": _band(after, after_variance),
        "cannibalised_band": _band(cannibalised, found.cannibalised_variance),
        "net_band": _band(net, variance + after_variance + found.cannibalised_variance),
    }


def _band(mean: float, variance: float, lowest: float = -math.inf) -> Band:
    """A normal band; nothing sells less than zero, so that no loss exceeds `lowest`."""
    sd = math.sqrt(variance)
    return Band(
        mean=mean,
        lo80=_rounded(max(mean - _Z80 * sd, lowest)),
        hi80=_rounded(mean + _Z80 * sd),
        lo95=_rounded(max(mean - _Z95 * sd, lowest)),
        hi95=_rounded(mean + _Z95 * sd),
    )


def _weeks(asked: DraftAsked, found: Simulation) -> list[SimulatedWeek]:
    """All products together, week by week, the promotion's weeks and those it reaches into."""
    first, last = covered_weeks(asked.start, asked.end)
    parts = [product.weekly for product in found.products]
    bases, during, later, variance = (
        sum(getattr(part, name) for part in parts) for name in ("baseline", "promoted", "after", "variance")
    )
    by_week = zip(bases.tolist(), during.tolist(), later.tolist(), (_Z80 * np.sqrt(variance)).tolist(), strict=True)
    return [
        SimulatedWeek(
            week=monday_of(week),
            role="promotion" if week <= last else "after",
            baseline=_rounded(base),
            incremental=_rounded(promoted - base),
            after=_rounded(after),
            expected=_rounded(promoted + after),
            lo80=_rounded(max(promoted + after - half, 0.0)),
            hi80=_rounded(promoted + after + half),
        )
        for week, (base, promoted, after, half) in enumerate(by_week, start=first)
    ]


def _decimal(value: float, places: str) -> Decimal | None:
    return None if not math.isfinite(value) else Decimal(repr(float(value))).quantize(Decimal(places))


def _outcome(product: DraftProduct, panel: Panel, asked: DraftAsked, taken: SisterUnits | None) -> ProductOutcome:
    acquisition = asked.acquisition_price
    known = panel.products.get(product.block.block.product_id)
    lost, lost_variance = (taken.units, taken.variance) if taken else (0.0, 0.0)
    net = product.incremental + product.after + lost
    half = _Z80 * math.sqrt(product.sd**2 + product.after_variance + lost_variance)
    regular = _decimal(product.cost_regular, "0.0001")
    mean, low, high = (_decimal(value, "0.01") or Decimal(0) for value in (net, net - half, net + half))
    return ProductOutcome(
        product_id=product.block.block.product_id,
        units_sold=_decimal(max(product.promoted + lost, 0.0), "0.01") or Decimal(0),
        incremental=UnitBand(mean, low, high),
        price_paid=_decimal(product.price, "0.0001"),
        price_regular=_decimal(product.price_regular, "0.0001"),
        acquisition_promoted=acquisition if acquisition is not None else regular,
        acquisition_regular=regular,
        unit_cost=Decimal(known.unit_cost) if known and known.unit_cost is not None else None,
        unit_cost_basis=known.unit_cost_basis if known else None,
        funding=None if asked.funding_share is None else _decimal(_funded(product, asked.funding_share), "0.0001"),
    )


def _funded(product: DraftProduct, share: float) -> float:
    """Money per unit that the manufacturer gives towards the price cut."""
    return max(product.price_regular - product.price, 0.0) * share


def _simulated(product: DraftProduct) -> SimulatedProduct:
    return SimulatedProduct(
        product_id=product.block.block.product_id,
        price_regular=round(product.price_regular, 4),
        price=round(product.price, 4),
        baseline_units=_rounded(product.baseline),
        promoted_units=_rounded(product.promoted),
    )


def warnings_of(ready: Ready, asked: DraftAsked, found: Simulation) -> list[str]:
    """What to know before the figures are believed."""
    deepest = max(1 - product.price / product.price_regular for product in found.products)
    extrapolated = ["so deep a cut is rare: the effect is extrapolated"] if deepest > 0.5 else []
    far = far_ahead(ready.book(), covered_weeks(asked.start, asked.end)[1])
    return extrapolated + far + unseen(ready.panel, ready.model, found.draft, found.products)
