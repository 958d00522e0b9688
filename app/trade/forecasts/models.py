"""The words of forecasts: what is asked, and what the API tells."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from app.trade.sales.models import Source

MOST_WEEKS = 26


def _split(value: Any) -> Any:
    """`a,b` as a list, so that an address can name several."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _as_number(value: Any) -> Any:
    """Addresses hold text only."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 4 else value


Id = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_.:\-]*$")]
Ids = Annotated[list[Id], BeforeValidator(_split), Field(max_length=200)]
_Price = Annotated[Decimal, Field(gt=0, le=Decimal("1e9"), allow_inf_nan=False)]
_Cut = Annotated[float, Field(ge=0, le=95, allow_inf_nan=False)]
Price = Annotated[_Price | None, BeforeValidator(empty_is_none)]
Cut = Annotated[_Cut | None, BeforeValidator(empty_is_none)]
Week = Annotated[int, Field(ge=1, le=MOST_WEEKS)]
Objective = Literal["mean", "median", "mape"]
Lead = Annotated[Literal[1, 2, 4, 8], BeforeValidator(_as_number)]


class PartAsked(BaseModel):
    """Customers and products of any level; each stands for everything below it, empty for all."""

    model_config = ConfigDict(extra="forbid")

    customer: Id = Field("", description="A customer of any level; empty: all")
    product: Ids = Field(default_factory=list, description="Products of any level, separated by commas; empty: all")
    objective: Objective = Field("median", description="What the units aim at: mean, median, or the smallest percentage error")
    source: Source = Source.POS


class ForecastAsked(PartAsked):
    """The weeks after the newest sales, with what is planned for some of them."""

    weeks: Week = 8
    price: Price = Field(None, description="Planned price per unit; else the usual one")
    cut: Cut = Field(None, description="Planned price cut in percent of the usual price; instead of price")
    deal: bool = Field(False, description="The planned weeks are flagged as a deal")
    feature: bool = Field(False, description="The planned weeks are advertised")
    display: bool = Field(False, description="The planned weeks have a second placement")
    plan_from: Week = Field(1, description="First planned week, counted from the first forecast week")
    plan_to: Annotated[Week | None, BeforeValidator(empty_is_none)] = Field(
        None, description="Last planned week; empty: the last forecast week"
    )

    @field_validator("cut")
    @classmethod
    def _one_price(cls, cut: float | None, others: ValidationInfo) -> float | None:
        if cut is not None and others.data.get("price") is not None:
            raise ValueError("give either price or cut, not both")
        return cut

    @field_validator("plan_to")
    @classmethod
    def _ordered(cls, plan_to: int | None, others: ValidationInfo) -> int | None:
        if plan_to is not None and plan_to < others.data.get("plan_from", 1):
            raise ValueError("the last planned week is before the first")
        return plan_to

    @property
    def planned(self) -> bool:
        """Whether anything but the usual price is planned."""
        return self.price is not None or self.cut is not None or self.deal or self.feature or self.display

    @property
    def planned_weeks(self) -> tuple[int, int]:
        """First and last planned week, counted from 1; within the weeks asked for."""
        return min(self.plan_from, self.weeks), min(self.plan_to or self.weeks, self.weeks)


class AccuracyAsked(PartAsked):
    """What would have been forecast for the newest weeks."""

    lead: Lead = Field(4, description="Weeks between the forecast and the week it is of")


class ForecastWeek(BaseModel):
    """Units of one week with the bands of the sum."""

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


class Forecast(BaseModel):
    """`series`: how many customers times products were added up; `refused` names those without a forecast and why."""

    model: dict[str, Any]
    objective: Objective
    series: int
    total_units: float
    weeks: list[ForecastWeek]
    refused: list[dict[str, Any]]
    warnings: list[str]


class AccuracyWeek(BaseModel):
    """What was sold and what would have been forecast; null where there was neither."""

    week: date
    actual: float | None
    units: float | None
    lo80: float | None
    hi80: float | None
    lo95: float | None
    hi95: float | None


class Accuracy(BaseModel):
    """Errors of the sums shown, as shares."""

    protocol: str
    objective: Objective
    lead: int
    series: int
    wmape: float | None
    bias: float | None
    coverage80: float | None
    weeks: list[AccuracyWeek]
