"""The words of planning: a promotion that is tried out, the question of the optimiser, and what the API gives.

Shares and money come and go as text, as everywhere; units are estimates and therefore numbers.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.trade.promotions.models import Day, Expected, Id, Money, Name, Note, Share
from app.trade.sales.models import Source

WholeShare = Annotated[Decimal, Field(ge=0, le=1, max_digits=8, decimal_places=6)]
LONGEST_WEEKS = 12
FURTHEST_WEEKS = 54  # ahead of the sales; the forecast reaches no further
MOST_CANDIDATES = 200


class Mechanics(BaseModel):
    """What the shopper sees and who pays for it."""

    model_config = ConfigDict(extra="forbid")

    discount: Share = Field(Decimal("0.2"), description="Share off the regular price, for example 0.25")
    deal: bool = Field(True, description="Flagged as a deal at the shelf")
    feature: WholeShare = Field(Decimal(0), description="Share of the stores with it in the advertisement")
    display: WholeShare = Field(Decimal(0), description="Share of the stores with a second placement")
    funding: WholeShare = Field(Decimal(1), description="Share of the price cut that the manufacturer pays")
    fixed: Money = Field(Decimal(0), description="What the manufacturer pays once: advertisement, display, listing")


class WhatIf(Mechanics):
    """A promotion that is tried out; it runs whole weeks from the Monday of `start`."""

    customer_id: Id = Field(description="Any level; the promotion runs at every store below")
    product_ids: list[Id] = Field(min_length=1, max_length=50, description="SKUs, or brands and categories for all SKUs below")
    start: Day = Field(description="A day of the first week; it must lie after the last week with sales")
    weeks: int = Field(2, ge=1, le=LONGEST_WEEKS)
    source: Source = Source.POS


class DraftFromWhatIf(WhatIf):
    """The same, to be kept as a draft promotion. `once` names the wish: sent again, the same draft is answered."""

    name: Name
    note: Note = Field("", description="Needed as a reason above 40 % off")
    once: Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_\-]+$")]


class SimulatedWeek(BaseModel):
    """Units of one week over all stores; expected = baseline + incremental + after."""

    week: date
    role: Literal["promotion", "after"]
    baseline: float
    incremental: float
    after: float
    expected: float
    lo80: float
    hi80: float


class SimulatedProduct(BaseModel):
    """One product: prices are what the model stands on, not money that moves."""

    product_id: str
    price_regular: float
    price: float
    baseline_units: float
    promoted_units: float


class Refused(BaseModel):
    """A product that cannot be told, and why."""

    product_id: str
    reason: str


class Simulated(Expected):
    """What a promotion would do, week by week and by product."""

    model: dict[str, Any]
    stores: int
    weeks: list[SimulatedWeek]
    products: list[SimulatedProduct]
    refused: list[Refused]
    warnings: list[str]


class ResponseQuery(BaseModel):
    """One product at a customer of any level; without one, everywhere."""

    model_config = ConfigDict(extra="forbid")

    product: Id
    customer: Annotated[str, StringConstraints(max_length=64)] = ""
    source: Source = Source.POS


class ResponsePage(BaseModel):
    """Units a store and week over price, as fitted, and the weeks behind it."""

    model_config = ConfigDict(extra="allow")

    product_id: str
    stores: int
    refused: str | None = None
    curves: list[dict[str, Any]]
    weeks: list[dict[str, Any]]
    elasticities: list[dict[str, Any]]
    warnings: list[str] = []


class Elasticities(BaseModel):
    """Every product's own and cross price elasticities with standard errors."""

    model_config = ConfigDict(extra="allow")

    products: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    brands: list[dict[str, Any]] = []
    refused: list[dict[str, Any]]


class Rules(BaseModel):
    """What a calendar must keep. Blackout weeks are days; their whole week is meant."""

    model_config = ConfigDict(extra="forbid")

    most_discount: Share = Decimal("0.4")
    weeks_between: int = Field(2, ge=0, le=26, description="Quiet weeks between two events of a product at a customer")
    most_events: int | None = Field(None, ge=1, le=MOST_CANDIDATES)
    most_at_once: int | None = Field(None, ge=1, le=MOST_CANDIDATES, description="Events running in the same week")
    most_spend_share: WholeShare | None = Field(None, description="Spend of an event at most this share of its promoted sales")
    fewest_units: int | None = Field(None, ge=0, le=10**9, description="Incremental units that the calendar must reach")
    blackout: list[Day] = Field(default_factory=list, max_length=52)


class PlanInput(BaseModel):
    """The question of the optimiser: which of these events, when, under which budget and rules."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    customer_ids: list[Id] = Field(min_length=1, max_length=20, description="An event runs at one of them and all stores below")
    product_ids: list[Id] = Field(min_length=1, max_length=50, description="SKUs, or brands and categories; an event has one SKU")
    start: Day
    end: Day
    mechanics: list[Mechanics] = Field(min_length=1, max_length=5)
    weeks: int = Field(2, ge=1, le=LONGEST_WEEKS, description="How long an event runs")
    budget: Money
    side: Literal["manufacturer", "retailer"] = Field("manufacturer", description="Whose profit is made largest")
    rules: Rules = Field(default_factory=lambda: Rules())
    source: Source = Source.POS


class PlanState(StrEnum):
    """Where a plan stands; the last three are final."""

    WAITING = "waiting"
    DONE = "done"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


class Event(BaseModel):
    """One candidate with its verdict; money of the chosen side."""

    id: str
    customer_id: str
    customer_name: str | None
    product_id: str
    product_name: str | None
    start: date
    end: date
    mechanics: Mechanics
    chosen: bool
    code: str
    reason: str
    net: Decimal | None
    net_lo80: Decimal | None
    net_hi80: Decimal | None
    spend: Decimal | None
    roi: Decimal | None
    other_side_net: Decimal | None
    incremental_units: float | None
    incremental_lo80: float | None
    incremental_hi80: float | None
    promotion_id: str | None = Field(None, description="The draft made of it")
    warnings: list[str] = Field([], description="What its figures stand on where the sales do not hold it")


class PlanSummary(BaseModel):
    """A plan in a list."""

    id: str
    name: str
    state: PlanState
    detail: str | None = Field(None, description="Why it is infeasible or failed, and what to do")
    job: str | None
    budget: Decimal
    currency: str
    net: Decimal | None = None
    spend: Decimal | None = None
    events_chosen: int | None = None
    events_considered: int
    created_at: datetime
    created_by: str


class Plan(PlanSummary):
    """A plan with its question and, when done, every event. No calendar of these events earns more than `bound`."""

    question: PlanInput
    model: dict[str, Any] | None = None
    incremental_units: float | None = None
    net_lo80: Decimal | None = Field(None, description="80 % band of the chosen events' net together")
    net_hi80: Decimal | None = None
    bound: Decimal | None = None
    gap: float | None = Field(None, description="(bound - net) / bound")
    proven: bool | None = None
    events: list[Event] = []


class PlanPage(BaseModel):
    """The newest plans first."""

    items: list[PlanSummary]


class Accept(BaseModel):
    """Events of the plan to be made draft promotions; those that already were stay the same drafts."""

    model_config = ConfigDict(extra="forbid")

    events: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = Field(min_length=1, max_length=MOST_CANDIDATES)
    note: Note = Field("", description="Needed as a reason above 40 % off")


class Accepted(BaseModel):
    """The drafts, by event."""

    promotions: dict[str, str]


class DraftMade(BaseModel):
    """The draft promotion and what to look at before it runs."""

    promotion_id: str
    code: str
    warnings: list[str]
