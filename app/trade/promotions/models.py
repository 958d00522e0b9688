"""The words of promotions: types, states, and what the API takes and gives. Money and shares are exact, as text."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.trade.promotions.deals import Level
from app.trade.sales.models import Source

__all__ = ["Level", "Source"]


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError('Write it as text, for example "0.25"; a floating-point number cannot hold it exactly.')
    return value


def _printable(value: Any) -> Any:
    """Text without control characters, which no spreadsheet and no person can take."""
    return "".join(sign for sign in value if sign >= " " or sign in "\n\t") if isinstance(value, str) else value


Money = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=20, decimal_places=6)]
Share = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, lt=1, max_digits=8, decimal_places=6)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Day = Annotated[date, Field(ge=date(1970, 1, 5), le=date(2200, 1, 1))]
Weeks = Annotated[int, Field(ge=0, le=13)]
Name = Annotated[str, BeforeValidator(_printable), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, BeforeValidator(_printable), StringConstraints(strip_whitespace=True, max_length=2000)]


class PromotionType(StrEnum):
    """What the shopper is offered."""

    PRICE_DISCOUNT = "price_discount"
    VOLUME_DISCOUNT = "volume_discount"
    MULTI_BUY = "multi_buy"
    BUNDLE = "bundle"
    GIFT = "gift"
    LOYALTY = "loyalty"
    DISPLAY = "display"
    FEATURE = "feature"


class PromotionStatus(StrEnum):
    """Where a promotion stands; `rules.NEXT` says what may follow."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    """Seen in sales, or written down by a person."""

    OBSERVED = "observed"
    ENTERED = "entered"


class AnalysisState(StrEnum):
    """Whether it is known what the promotion earned. `refused`: the model declined and said why."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Costs(BaseModel):
    """What the manufacturer pays, in the promotion's currency. Without any, the analysis derives the spend from sales."""

    model_config = ConfigDict(extra="forbid")

    fixed: Money | None = Field(None, description="Once for the whole promotion: listing, display, advertisement")
    per_unit: Money | None = Field(None, description="For each unit sold on promotion")


class SellIn(BaseModel):
    """When the retailer buys at promotional terms; both days included."""

    model_config = ConfigDict(extra="forbid")

    start: Day
    end: Day


class PromotionInput(BaseModel):
    """A promotion as a person writes it."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    type: PromotionType = PromotionType.PRICE_DISCOUNT
    customer_id: Id = Field(description="Any level; the promotion runs at every store below")
    product_ids: list[Id] = Field(min_length=1, max_length=200, description="SKUs, or brands and categories for all SKUs below")
    start: Day = Field(description="First day at the shelf")
    end: Day = Field(description="Last day at the shelf, included")
    sell_in: SellIn | None = None
    pre_weeks: Weeks = Field(6, description="Weeks before it that are shown beside the baseline; no pre-dip is estimated")
    post_weeks: Weeks = Field(6, description="Weeks after that are watched for forward buying")
    discount: Share | None = Field(None, description="Share off the regular price, for example 0.25")
    costs: Costs = Field(default_factory=lambda: Costs())
    source: Source = Field(Source.POS, description="Which sales tell what it earned")
    note: Note = ""


class PromotionCreate(PromotionInput):
    """A new promotion; `code` is made when left out."""

    code: Annotated[str, BeforeValidator(_printable), StringConstraints(strip_whitespace=True, max_length=64)] = ""


class PromotionChange(BaseModel):
    """What is sent is changed; `version` is the one that was read. Of an observed one: name, costs and note."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    name: Name | None = None
    type: PromotionType | None = None
    customer_id: Id | None = None
    product_ids: Annotated[list[Id], Field(min_length=1, max_length=200)] | None = None
    start: Day | None = None
    end: Day | None = None
    sell_in: SellIn | None = None
    pre_weeks: Weeks | None = None
    post_weeks: Weeks | None = None
    discount: Share | None = None
    costs: Costs | None = None
    source: Source | None = None
    note: Note | None = None


class StatusChange(BaseModel):
    """One step of its life."""

    model_config = ConfigDict(extra="forbid")

    status: PromotionStatus
    version: int = Field(ge=1)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class PromotionQuery(BaseModel):
    """What a list of promotions can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Part of code or name")
    status: PromotionStatus | None = None
    origin: Origin | None = None
    level: Level | None = Field(None, description="chain: at a whole customer; store: single stores only")
    analysis: AnalysisState | None = None
    customer: str | None = Field(None, max_length=64, description="This customer and everything below it")
    product: str | None = Field(None, max_length=64, description="This product and everything below it")
    start: Day | None = Field(None, description="Running on or after this day")
    end: Day | None = Field(None, description="Running on or before this day")
    roi: Literal["gain", "loss", "unknown"] | None = Field(
        None, description="Whether the manufacturer got back more than was spent"
    )
    sort: str = Field("-start", max_length=40, description="See the table's columns; - in front to reverse")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1_000)
    count: bool = Field(False, description="Also count all rows of the filter and add them up")


class Interval(BaseModel):
    """An estimate with its 80 and 95 % band."""

    mean: float
    lo80: float | None = None
    hi80: float | None = None
    lo95: float | None = None
    hi95: float | None = None


class Side(BaseModel):
    """What one side earned: ROI = (incremental + other products' margin) / spend: 1 breaks even; net is the same less spend.

    `missing` names what the sales or master data lack when it cannot be told.
    """

    incremental_margin: Decimal | None = None
    other_products_margin: Decimal | None = Field(None, description="Of units that other products lost to it or gained by it")
    spend: Decimal | None = None
    net: Decimal | None = None
    roi: Decimal | None = None
    roi_lo80: Decimal | None = None
    roi_hi80: Decimal | None = None
    basis: list[str] = []
    missing: str | None = None


class AnalysedWeek(BaseModel):
    """One week around the promotion, summed over its stores and products."""

    week: date
    role: Literal["pre", "promotion", "post"]
    actual: float | None = None
    baseline: float | None = None
    lo80: float | None = None
    hi80: float | None = None
    lo95: float | None = None
    hi95: float | None = None
    price: Decimal | None = None
    price_regular: Decimal | None = None
    deal: float | None = None
    feature: float | None = None
    expected_dip: float | None = Field(None, description="What the promotion took from (or left to) this week")
    cannibalised: float | None = Field(None, description="Units that other products lost to it")
    halo: float | None = Field(None, description="Units that it drew to other products")


class Analysis(BaseModel):
    """What a promotion did beyond what would have sold anyway."""

    state: AnalysisState
    reason: str | None = Field(None, description="Why it was refused or failed")
    at: datetime | None = None
    model: dict[str, Any] | None = None
    actual_units: float | None = None
    baseline_units: float | None = None
    incremental_units: Interval | None = None
    post_dip_units: Interval | None = None
    net_incremental_units: Interval | None = None
    cannibalised_units: Interval | None = Field(None, description="Other products of the category that lost; not positive")
    halo_units: Interval | None = Field(None, description="Other products of the category that gained; not negative")
    total_units: float | None = Field(None, description="incremental + post-promotion dip + cannibalised + halo, exactly")
    placebo_p_value: float | None = Field(
        None, ge=0, le=1, description="Share of quiet windows of like length that stray as far from their baseline; null: too few"
    )
    manufacturer: Side | None = None
    retailer: Side | None = None
    warnings: list[str] = []
    weeks: list[AnalysedWeek] = []


class PlannedTerms(BaseModel):
    """The mechanics that the planned figures are about."""

    discount: Decimal
    deal: bool
    feature: Decimal
    display: Decimal
    funding: Decimal
    fixed: Decimal
    weeks: int


class Expected(BaseModel):
    """What a promotion that has not run would sell and earn: net = incremental + after-effect + other products."""

    baseline_units: float
    promoted_units: float
    incremental_units: Interval
    post_dip_units: Interval
    other_products_units: Interval
    net_units: Interval
    manufacturer: Side
    retailer: Side


class PlannedFigures(Expected):
    """What was expected when it was planned, by which model."""

    at: datetime
    origin: Literal["whatif", "optimiser", "recommendation"]
    plan_id: str | None = None
    model: dict[str, Any] | None = None
    terms: PlannedTerms
    stores: int


class Promotion(BaseModel):
    """A promotion as the API gives it; in lists `analysis.weeks` is left empty."""

    id: str
    code: str
    name: str
    origin: Origin
    level: Level
    type: PromotionType
    status: PromotionStatus
    source: Source
    customer_id: str
    customer_name: str | None
    customer_ids: list[str] = Field(description="The stores taking part; empty: all below the customer")
    product_ids: list[str]
    product_name: str | None
    start: date
    end: date
    sell_in: SellIn | None
    pre_weeks: int
    post_weeks: int
    discount: Decimal | None
    deal_share: Decimal | None
    feature_share: Decimal | None
    costs: Costs
    currency: str
    note: str
    planned: PlannedFigures | None = None
    analysis: Analysis
    roi_manufacturer: Decimal | None
    roi_retailer: Decimal | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    version: int


class Totals(BaseModel):
    """Sums over all promotions of a filter; only those with an analysis count towards units and money.

    incremental_margin holds the margin of other products too: it is what the return is counted on.
    """

    promotions: int
    analysed: int
    incremental_units: Decimal
    net_incremental_units: Decimal
    spend: Decimal
    incremental_margin: Decimal
    net: Decimal
    roi_manufacturer: Decimal | None


class PromotionPage(BaseModel):
    """One page of promotions; `total` and `totals` are null unless asked with count=true."""

    items: list[Promotion]
    next_cursor: str | None
    total: int | None
    totals: Totals | None


class Saved(BaseModel):
    """The stored promotion and what to look at before it runs."""

    promotion: Promotion
    warnings: list[str]


class Queued(BaseModel):
    """Work was queued; watch it at /api/v1/jobs/<job>."""

    job: str
