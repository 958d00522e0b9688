"""Requests and responses of the next best promotion."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from ai.planning_schemas import LONGEST_PLAN_DAYS, Cut, Refusal, Share, TakenAsked
from ai.schemas import Band, Cost, Day, Id, MissingFigure, ModelInfo, Side, Source, Strict, after_start

MOST_PRODUCTS = 50


class EventCosts(Strict):
    """What the manufacturer pays once: for any promotion, and on top for one that is advertised or displayed."""

    fixed: Cost | None = None
    feature: Cost | None = None
    display: Cost | None = None


class RecommendRequest(Strict):
    """One promotion at a time, at all stores of the customers together. Without products: all that sold there.

    start and end bound its days (by default the quarter after the sales). funding_share: what the manufacturer pays of the
    price cut; without it the share, in steps of 5 %, that suits the asked side best while the other does not lose.
    deepest: no deeper cut. weeks_between: quiet weeks to every other promotion of the product at these stores, in the sales
    or `taken`. most: proposals, one a product.
    """

    customer_ids: list[Id] = Field(min_length=1, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=MOST_PRODUCTS)
    start: Day | None = None
    end: Day | None = None
    weeks: int = Field(2, ge=1, le=12)
    side: Literal["manufacturer", "retailer"] = "manufacturer"
    funding_share: Share | None = None
    costs: EventCosts = EventCosts()
    deepest: Cut = 0.5
    weeks_between: int = Field(2, ge=0, le=52)
    blackout: list[Day] = Field(default_factory=list, max_length=52)
    most_spend: Cost | None = None
    most_spend_share: Share | None = None
    taken: list[TakenAsked] = Field(default_factory=list, max_length=500)
    most: int = Field(5, ge=1, le=MOST_PRODUCTS)
    source: Source = "pos"

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date | None, others: ValidationInfo) -> date | None:
        return None if end is None else after_start(end, others, LONGEST_PLAN_DAYS)


class Proposal(BaseModel):
    """A promotion that pays: what `/v1/simulate` says of the same one. net: the asked side's, and its 80 % band.

    sure: the band stays above zero. last_promotion: Monday of the last promoted week in the sales.
    """

    product_id: str
    start: date
    end: date
    cut: float
    deal: float
    feature: float
    display: float
    funding_share: float
    fixed: str
    price_regular: float
    price: float
    stores: int
    net: str
    net_lo80: str
    net_hi80: str
    sure: bool
    baseline_units: float
    promoted_units: float
    incremental_units: Band
    post_dip_band: Band
    cannibalised_band: Band
    net_band: Band
    manufacturer: Side | MissingFigure
    retailer: Side | MissingFigure
    last_promotion: date | None
    reasons: list[str]


class NotProposed(BaseModel):
    """code: loses, other_side_loses, guardrail, missing, no_weeks, beyond (it pays, but `most` others pay better).

    net: what the asked side would gain by the best promotion of the product; null where none could be worked out.
    """

    product_id: str
    code: Literal["loses", "other_side_loses", "guardrail", "missing", "no_weeks", "beyond"]
    reason: str
    net: str | None = None


class RecommendAnswer(BaseModel):
    """Proposals, the best first; none_pays says so when there is none. considered: promotions that were worked out."""

    model: ModelInfo
    side: Literal["manufacturer", "retailer"]
    considered: int
    proposals: list[Proposal]
    none_pays: str | None = None
    not_proposed: list[NotProposed] = []
    refused: list[Refusal] = []
