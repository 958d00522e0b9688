"""The words of anomalies: causes, what is asked, what the API tells."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from app.trade.forecasts.models import Id, empty_is_none
from app.trade.sales.models import Source

_Day = Annotated[date, Field(ge=date(1970, 1, 5), le=date(2200, 1, 1))]
Day = Annotated[_Day | None, BeforeValidator(empty_is_none)]
LONGEST_WEEKS = 520


class Cause(StrEnum):
    """The likeliest cause of a week nobody would expect."""

    CHAIN_WIDE = "chain_wide"
    OUT_OF_STOCK = "out_of_stock"
    ONE_OFF_HIGH = "one_off_high"
    ONE_OFF_LOW = "one_off_low"
    PRICE_UNUSUAL = "price_unusual"


class AnomalyAsked(BaseModel):
    """Part of the sales; without days the newest year. Ids may be of any level."""

    model_config = ConfigDict(extra="forbid")

    customer: Id = Field("", description="A customer of any level; empty: all")
    product: Id = Field("", description="A product of any level; empty: all")
    start: Day = Field(None, description="First day; its whole week counts")
    end: Day = Field(None, description="Last day; its whole week counts")
    cause: Cause | None = None
    source: Source = Source.POS
    sort: str = Field(
        "-size", max_length=20, description="size, week, actual, expected, difference, customer, product; - to reverse"
    )
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=20, pattern=r"^\d+$")

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date | None, others: ValidationInfo) -> date | None:
        start = others.data.get("start")
        if start is not None and end is not None:
            if end < start:
                raise ValueError("the last day is before the first")
            if (end - start).days > 7 * LONGEST_WEEKS:
                raise ValueError(f"at most {LONGEST_WEEKS} weeks")
        return end


class Anomaly(BaseModel):
    """`size`: robust standard deviations from what was expected, without sign; `difference`: units sold less units expected."""

    customer_id: str
    customer: str
    product_id: str
    product: str
    week: date
    actual: float
    expected: float
    difference: float
    size: float
    cause: Cause
    reading: str


class AnomalyPage(BaseModel):
    """One page; `found` counts all in the weeks, `total` those of the filter that can be paged through."""

    items: list[Anomaly]
    next_cursor: str | None
    total: int
    found: int
    model: dict[str, Any] | None = Field(None, description="Which model judged, with its measured errors; null without sales")
