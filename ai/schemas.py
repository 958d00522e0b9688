"""Requests and responses, with the limits that keep a hostile request small."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$")]
Day = Annotated[date, Field(ge=date(1970, 1, 5), le=date(2200, 1, 1))]
Cost = Annotated[Decimal, Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False)]
Source = Literal["pos", "shipment"]

MOST_WEEKS_ASKED = 530
LONGEST_PROMOTION_DAYS = 371


class Strict(BaseModel):
    """Unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


def after_start(end: date, others: ValidationInfo, longest_days: int) -> date:
    """The last day, if it is not before the first nor too long after it."""
    start = others.data.get("start")
    if start is not None and end < start:
        raise ValueError("the last day is before the first")
    if start is not None and (end - start).days > longest_days:
        raise ValueError(f"at most {longest_days} days may lie between the first day and the last")
    return end


class TrainRequest(Strict):
    source: Source = "pos"


class PromoteRequest(Strict):
    """Nothing needs to be said beyond the id in the address."""


class BaselineRequest(Strict):
    """Empty lists mean all; customers stand for everything below them."""

    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")
    source: Source = "pos"

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, 7 * MOST_WEEKS_ASKED)


class CostsGiven(Strict):
    """What people know about the cost; money in the promotion's currency."""

    fixed: Cost | None = None
    per_unit: Cost | None = None


class PromotionAsked(Strict):
    id: Id
    customer_ids: list[Id] = Field(min_length=1, max_length=5_000)
    product_ids: list[Id] = Field(min_length=1, max_length=200)
    start: Day
    end: Day
    pre_weeks: int = Field(6, ge=0, le=26)
    post_weeks: int = Field(6, ge=0, le=26)
    costs: CostsGiven = CostsGiven()

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, LONGEST_PROMOTION_DAYS)


class UpliftRequest(Strict):
    promotions: list[PromotionAsked] = Field(min_length=1, max_length=2_000)
    source: Source = "pos"
    detail: Literal["weeks", "totals"] = "weeks"


class Window(BaseModel):
    start: date = Field(serialization_alias="from")
    end: date = Field(serialization_alias="to")


class ModelInfo(BaseModel):
    """A fitted model with its errors on weeks it had not seen (shares, not percent).

    sha256: over its files; features: the columns that baseline and forecast learned from, told by GET /v1/models alone.
    """

    id: str
    source: Source
    fitted_at: str
    rows: int
    window: Window
    current: bool = True
    metrics: dict[str, Any]
    sha256: str = ""
    features: dict[str, list[str]] | None = None


class ModelList(BaseModel):
    """Both newest first; gone: whose files were let go, with what was measured."""

    models: list[ModelInfo]
    gone: list[ModelInfo] = []


class Job(BaseModel):
    """held_back: why the model of a finished training is kept but does not serve; null where it serves."""

    id: str
    status: Literal["running", "done", "failed"]
    source: Source = "pos"
    progress: float = Field(0.0, ge=0, le=1)
    step: str = ""
    started_at: str
    finished_at: str | None = None
    model: str | None = None
    error: str | None = None
    held_back: str | None = None


class JobAnswer(BaseModel):
    job: Job


class BaselineWeek(BaseModel):
    """Units; `actual` is null where no sales row exists."""

    week: date
    actual: float | None
    baseline: float
    lo50: float
    hi50: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


class BaselineSeries(BaseModel):
    customer_id: str
    product_id: str
    weeks: list[BaselineWeek]


class BaselineAnswer(BaseModel):
    model: ModelInfo
    series: list[BaselineSeries]
    refused: list[dict[str, str]] = []


class Band(BaseModel):
    mean: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


class PromotionWeek(BaseModel):
    """One week, summed over the promotion's stores and products; prices are means weighted with units."""

    week: date
    role: Literal["pre", "promotion", "post"]
    actual: float | None
    baseline: float
    lo50: float
    hi50: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    expected_dip: float
    cannibalised: float = 0.0
    halo: float = 0.0
    price: float | None
    price_regular: float | None
    deal: float
    feature: float


class Side(BaseModel):
    """Money as strings; roi and its band are null when nothing was spent.

    net = incremental margin + other products' margin + funding kept - spend.
    """

    incremental_margin: str
    other_products_margin: str
    spend: str
    funding_kept: str
    net: str
    net_lo80: str
    net_hi80: str
    roi: str | None
    roi_lo80: str | None
    roi_hi80: str | None
    basis: list[str]


class MissingFigure(BaseModel):
    missing: str
    detail: str


class UpliftResult(BaseModel):
    """total = incremental + post dip + cannibalised + halo, exactly; cannibalised is not positive, halo not negative.

    placebo_p_value: share of quiet windows of like length, taken apart as if they had been promotions, that stray from their
    baseline at least as far as this one; null where fewer than 40 such windows exist (or the model is older than they are).
    """

    id: str
    status: Literal["ok", "refused"]
    reason: str | None = None
    actual_units: float | None = None
    baseline_units: float | None = None
    incremental_units: Band | None = None
    post_dip_units: Band | None = None
    net_incremental_units: Band | None = None
    cannibalised_units: Band | None = None
    halo_units: Band | None = None
    total_units: float | None = None
    uplift_percent: float | None = None
    placebo_p_value: float | None = Field(None, ge=0, le=1)
    weeks: list[PromotionWeek] | None = None
    manufacturer: Side | MissingFigure | None = None
    retailer: Side | MissingFigure | None = None
    warnings: list[str] = []


class UpliftAnswer(BaseModel):
    model: ModelInfo
    results: list[UpliftResult]


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    database: Literal["ok", "down"]
    model: str | None
    training: bool
    detail: str = ""


class Alive(BaseModel):
    status: Literal["ok"]


class ProblemBody(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
    request_id: str | None = None
