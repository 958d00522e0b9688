"""HTTP of price response: the fitted curve of a product at chosen customers, with the weeks behind it."""

from __future__ import annotations

import math
from datetime import date
from typing import Literal

import numpy as np
from flask import Response
from pydantic import BaseModel, Field

from ai.data.weeks import monday_of
from ai.elasticity_api import product_elasticity
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.grounds import unseen_cut
from ai.models.elasticity import elasticities
from ai.models.response import Curve, WeekSeen, response
from ai.planning_schemas import ProductElasticity
from ai.schemas import Id, ModelInfo, Source, Strict

_Z80, _Z95 = 1.28155, 1.95996


class ResponseRequest(Strict):
    """One product; empty customers mean all, others stand for everything below them."""

    product_id: Id
    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    source: Source = "pos"


class CurvePoint(BaseModel):
    """Units a store and week at this price; the band is that of the curve, single weeks scatter more widely."""

    cut: float
    price: float
    units: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


class ResponseCurve(BaseModel):
    """support: none, deal (flagged as a deal) or feature (a deal in the advertisement)."""

    support: Literal["none", "deal", "feature"]
    points: list[CurvePoint]


class ResponseWeek(BaseModel):
    """A week as it was: units a store, prices weighted by units, shares of stores on deal and in the advertisement."""

    week: date
    stores: int
    units: float
    price: float
    price_regular: float | None
    deal: float
    feature: float
    promoted: bool


class ResponseAnswer(BaseModel):
    """base_units: a store and week without promotion. deepest_seen: 95 % of the promoted cuts were shallower."""

    model: ModelInfo
    product_id: str
    stores: int
    price_regular: float | None = None
    base_units: float | None = None
    deepest_seen: float | None = None
    curves: list[ResponseCurve] = []
    weeks: list[ResponseWeek] = []
    elasticities: list[ProductElasticity] = []
    refused: str | None = None
    warnings: list[str] = []


@blueprint.post("/response")
def price_response() -> Response:
    """Units a store and week over price, with bands, and the real weeks behind the curve."""
    asked = read_body(ResponseRequest)
    ready = parts().serving.ready(asked.source)
    known_ids(ready.panel, "", asked.customer_ids, [])
    known_ids(ready.panel, "", [], [asked.product_id], product_field="product_id")
    panel = ready.panel
    everyone = {customer for customer, _product in panel.series}
    chosen = set(panel.stores_under(asked.customer_ids)) | set(asked.customer_ids) if asked.customer_ids else everyone
    found = response(panel, ready.model, asked.product_id, frozenset(chosen))
    if found.refusal:
        return answer(ResponseAnswer(model=model_info(ready.entry), product_id=asked.product_id, stores=0, refused=found.refusal))
    used = {block.block.key for block in found.blocks}
    own = [one for one in elasticities(panel, ready.model, {asked.product_id}) if one.block.block.key in used]
    return answer(
        ResponseAnswer(
            model=model_info(ready.entry),
            product_id=asked.product_id,
            stores=found.stores,
            price_regular=round(found.price_regular, 4),
            base_units=round(found.base, 2),
            deepest_seen=round(found.deepest_seen, 4),
            curves=[_curve(curve) for curve in found.curves],
            weeks=[_week(week) for week in found.weeks],
            elasticities=[product_elasticity(one) for one in own],
            warnings=unseen_cut(panel, ready.model, found.blocks),
        )
    )


def _curve(curve: Curve) -> ResponseCurve:
    ends = {
        name: curve.units * np.exp(sign * z * curve.sd)
        for name, sign, z in (("lo80", -1, _Z80), ("hi80", 1, _Z80), ("lo95", -1, _Z95), ("hi95", 1, _Z95))
    }
    points = [
        CurvePoint(
            cut=round(float(cut), 4),
            price=round(float(curve.price[number]), 4),
            units=round(float(curve.units[number]), 3),
            **{name: round(float(values[number]), 3) for name, values in ends.items()},
        )
        for number, cut in enumerate(curve.cuts)
    ]
    return ResponseCurve(support=curve.support, points=points)


def _week(week: WeekSeen) -> ResponseWeek:
    return ResponseWeek(
        week=monday_of(week.week),
        stores=week.stores,
        units=round(week.units, 3),
        price=round(week.price, 4),
        price_regular=None if math.isnan(week.price_regular) else round(week.price_regular, 4),
        deal=round(week.deal, 4),
        feature=round(week.feature, 4),
        promoted=week.promoted,
    )
