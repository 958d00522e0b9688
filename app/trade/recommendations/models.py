"""The words of recommendations: what is asked, and what is proposed. Shares and money are text, units are estimates."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.trade.planning.models import LONGEST_WEEKS, DraftFromWhatIf, Mechanics, WholeShare
from app.trade.promotions.models import Day, Expected, Id, Money, Share
from app.trade.sales.models import Source

MOST_CUSTOMERS = 100
MOST_PRODUCTS = 50
Code = Literal["loses", "other_side_loses", "guardrail", "missing", "no_weeks", "beyond"]


class CalendarRules(BaseModel):
    """What a proposal must keep: the optimiser's rules, as far as one promotion can break them."""

    model_config = ConfigDict(extra="forbid")

    most_discount: Share = Decimal("0.4")
    weeks_between: int = Field(2, ge=0, le=26, description="Quiet weeks to any other promotion of the product at these stores")
    most_spend: Money | None = Field(None, description="Spend of the side whose profit counts")
    most_spend_share: WholeShare | None = Field(None, description="Spend at most this share of the promoted sales")
    blackout: list[Day] = Field(default_factory=list, max_length=52)


class RecommendationAsked(BaseModel):
    """Where, when and for whose profit the next promotion is looked for; without products, among all that sell there."""

    model_config = ConfigDict(extra="forbid")

    customer_ids: list[Id] = Field(
        min_length=1, max_length=MOST_CUSTOMERS, description="Any level; one promotion at all of them together"
    )
    product_ids: list[Id] = Field(default_factory=list, max_length=MOST_PRODUCTS, description="SKUs, brands or categories")
    start: Day | None = Field(None, description="Not before this day; by default after the sales")
    end: Day | None = Field(None, description="Over by this day; by default a quarter after the start")
    weeks: int = Field(2, ge=1, le=LONGEST_WEEKS, description="How long it runs")
    side: Literal["manufacturer", "retailer"] = Field("manufacturer", description="Whose profit is made largest")
    funding: WholeShare | None = Field(
        None, description="Share of the price cut that the manufacturer pays; null: whatever leaves the other side without a loss"
    )
    fixed: Money = Field(Decimal(0), description="What the manufacturer pays once for any promotion")
    feature_cost: Money = Field(Decimal(0), description="On top for one that is advertised")
    display_cost: Money = Field(Decimal(0), description="On top for one with a second placement")
    rules: CalendarRules = Field(default_factory=lambda: CalendarRules())
    most: int = Field(5, ge=1, le=MOST_PRODUCTS, description="Proposals, one a product")
    source: Source = Source.POS


class Proposal(Expected):
    """A promotion that pays; `net` is that of the side asked for, with its 80 % band. `sure`: the band stays above zero."""

    product_id: str
    product_name: str
    start: date
    end: date
    mechanics: Mechanics
    stores: int
    net: Decimal
    net_lo80: Decimal
    net_hi80: Decimal
    sure: bool
    last_promotion: date | None
    reasons: list[str]


class NotProposed(BaseModel):
    """A product without a proposal, and why."""

    product_id: str
    product_name: str
    code: Code
    reason: str
    net: Decimal | None


class Refused(BaseModel):
    """A product of which nothing can be said, and why."""

    product_id: str
    product_name: str
    reason: str


class Recommended(BaseModel):
    """Proposals, the best first; `none_pays` says so when there is none."""

    model: dict[str, Any]
    side: Literal["manufacturer", "retailer"]
    considered: int = Field(description="Promotions that were worked out")
    proposals: list[Proposal]
    none_pays: str | None
    not_proposed: list[NotProposed]
    refused: list[Refused]


class DraftFromProposal(DraftFromWhatIf):
    """A proposal to be kept as a draft at one customer; it is worked out again, so that no figure comes from outside."""
