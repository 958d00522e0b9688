"""Requests and responses about weeks to come: forecasts, elasticities, simulated promotions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from ai.schemas import Band, CostsGiven, Day, Id, MissingFigure, ModelInfo, Side, Source, Strict, after_start

Price = Annotated[Decimal, Field(gt=0, le=Decimal("1e9"), allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Cut = Annotated[float, Field(ge=0, le=0.95, allow_inf_nan=False)]

LONGEST_PLAN_DAYS = 7 * 52


class _Planned(Strict):
    """A price (or a cut off the usual price) and what supports it, over some days; neither means the usual price."""

    start: Day
    end: Day
    price: Price | None = None
    cut: Cut | None = None
    deal: Share = 0.0
    feature: Share = 0.0
    display: Share = 0.0

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, LONGEST_PLAN_DAYS)

    @model_validator(mode="after")
    def _one_price(self) -> _Planned:
        if self.price is not None and self.cut is not None:
            raise ValueError("give either price or cut, not both")
        return self


class PlannedWeeks(_Planned):
    """Empty customers mean all asked for."""

    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(min_length=1, max_length=200)


class ForecastRequest(Strict):
    """Empty lists mean all that sold; customers stand for everything below them. Later entries of the plan overrule."""

    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")
    objective: Literal["mean", "median", "mape"] = "mean"
    plan: list[PlannedWeeks] = Field(default_factory=list, max_length=500)
    detail: Literal["series", "total"] = "series"
    source: Source = "pos"

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, LONGEST_PLAN_DAYS)


class ForecastWeek(BaseModel):
    """units is what was asked for by objective; the bands do not depend on it. price is what the week was planned with."""

    week: date
    horizon: int
    units: float
    median: float
    lo50: float
    hi50: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    price: float | None


class ForecastSeries(BaseModel):
    """basis: `model`, or `other_customers` where the customer never sold the product and others stand in."""

    customer_id: str
    product_id: str
    basis: Literal["model", "other_customers"]
    weeks: list[ForecastWeek]


class Refusal(BaseModel):
    customer_id: str | None = None
    product_id: str
    reason: str


class ForecastTotal(BaseModel):
    """All series together, with bands of the sum: what stores miss is shared in part (`docs/ai.md`), so ends do not add up."""

    series: int
    weeks: list[ForecastWeek]


class ForecastAnswer(BaseModel):
    """detail `total` leaves the series out and gives their sum."""

    model: ModelInfo
    objective: Literal["mean", "median", "mape"]
    series: list[ForecastSeries]
    total: ForecastTotal | None = None
    refused: list[Refusal] = []
    warnings: list[str] = []


class ElasticityRequest(Strict):
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    source: Source = "pos"


class Elasticity(BaseModel):
    """Percent change of units for one percent more price, with its standard error.

    basis: `own` sales had such prices; else that of the `category`; `prior`: assumed before any sales were seen.
    """

    value: float
    standard_error: float
    basis: Literal["own", "category", "prior"] = "own"


class CrossElasticity(Elasticity):
    """Of this product's units to the promoted price of another."""

    product_id: str


class ProductElasticity(BaseModel):
    """promotion: of a temporary cut; promotion_featured: of one that is also featured; regular: of a lasting change."""

    product_id: str
    chain_id: str
    brand_id: str = ""
    weeks: int
    stores: int
    promotion: Elasticity
    promotion_featured: Elasticity
    regular: Elasticity
    cross: list[CrossElasticity]


class CategoryElasticity(BaseModel):
    """What thin products are drawn to: the mean of the category's promotion elasticities and their spread."""

    category_id: str
    chain_id: str
    products: int
    promotion_mean: float
    promotion_sd: float


class BrandElasticity(CategoryElasticity):
    """The same of one brand of the category."""

    brand_id: str


class ElasticityAnswer(BaseModel):
    model: ModelInfo
    products: list[ProductElasticity]
    categories: list[CategoryElasticity]
    brands: list[BrandElasticity] = []
    refused: list[Refusal] = []


class TakenAsked(Strict):
    """A promotion that is planned already: no other of the same product may run at the same stores near it."""

    customer_ids: list[Id] = Field(min_length=1, max_length=5_000)
    product_ids: list[Id] = Field(min_length=1, max_length=200)
    start: Day
    end: Day

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, LONGEST_PLAN_DAYS)


class DraftAsked(_Planned):
    """acquisition_price: what the retailer would pay per unit during the promotion; else the regular one.

    funding_share: the part of the price cut that the manufacturer pays per unit sold, instead of acquisition_price and
    costs.per_unit; costs.fixed is added.
    """

    customer_ids: list[Id] = Field(min_length=1, max_length=5_000)
    product_ids: list[Id] = Field(min_length=1, max_length=200)
    acquisition_price: Price | None = None
    funding_share: Share | None = None
    costs: CostsGiven = Field(default_factory=CostsGiven)

    @model_validator(mode="after")
    def _one_funding(self) -> DraftAsked:
        if self.funding_share is not None and (self.acquisition_price is not None or self.costs.per_unit is not None):
            raise ValueError("give either funding_share, or acquisition_price or costs.per_unit")
        return self


class SimulateRequest(DraftAsked):
    source: Source = "pos"


class SimulatedProduct(BaseModel):
    product_id: str
    price_regular: float
    price: float
    baseline_units: float
    promoted_units: float


class SimulatedWeek(BaseModel):
    """Units of one week over all stores; expected = baseline + incremental + after. The band is that of a single week."""

    week: date
    role: Literal["promotion", "after"]
    baseline: float
    incremental: float
    after: float
    expected: float
    lo80: float
    hi80: float


class SimulateAnswer(BaseModel):
    """Units over all stores and weeks; net = incremental + after-effect + cannibalised, exactly.

    cannibalised is what all other products of the category lose (negative) or gain together.
    """

    model: ModelInfo
    baseline_units: float
    promoted_units: float
    incremental_units: Band
    post_dip_units: float
    cannibalised_units: float
    net_units: float
    post_dip_band: Band
    cannibalised_band: Band
    net_band: Band
    stores: int
    weeks: list[SimulatedWeek]
    products: list[SimulatedProduct]
    manufacturer: Side | MissingFigure
    retailer: Side | MissingFigure
    refused: list[Refusal] = []
    warnings: list[str] = []
