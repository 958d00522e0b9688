"""The words of customers: levels, states, and what the API takes and gives."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTABLE)]
NodeId = Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)]
Version = Annotated[int, Field(ge=1, le=2**53, description="The version that was read")]
AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f.$]+$")]
Attribute = (
    Annotated[str, StringConstraints(max_length=1_000)] | Annotated[int, Field(ge=-(2**53), le=2**53)] | float | bool | None
)
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{3}$")]


class CustomerLevel(StrEnum):
    """From the country organisation down to one store."""

    NATIONAL = "national"
    BANNER = "banner"
    REGION = "region"
    STORE = "store"


class CustomerStatus(StrEnum):
    """Inactive customers keep their history and are offered nowhere."""

    ACTIVE = "active"
    INACTIVE = "inactive"


LEVELS = tuple(level.value for level in CustomerLevel)


class CustomerInput(BaseModel):
    """A customer as a person writes it."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    level: CustomerLevel = CustomerLevel.STORE
    parent_id: NodeId | None = Field(None, description="Id of a customer of a level above")
    channel: Text = ""
    status: CustomerStatus = CustomerStatus.ACTIVE
    payment_terms: Text = Field("", description="As agreed, for example 30 days net")
    currency: Currency | None = Field(None, description="ISO 4217; the company's when left out")
    attributes: dict[AttributeName, Attribute] = Field(
        default_factory=dict, max_length=100, description="Anything else known, for example store demographics"
    )


class CustomerChange(CustomerInput):
    """What changes of a customer: only what is sent; `version` is the one that was read."""

    # Defaults are never stored: a change holds only the fields that were sent (model_dump(exclude_unset=True)).
    code: Code = Field(default_factory=str)
    name: Name = Field(default_factory=str)
    version: Version


class Customer(BaseModel):
    """A customer as the API gives it."""

    id: str
    code: str
    name: str
    level: CustomerLevel
    parent_id: str | None
    path: list[str]
    channel: str
    status: CustomerStatus
    payment_terms: str
    currency: str
    attributes: dict[str, str | int | float | bool | None]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    version: int


class CustomerQuery(BaseModel):
    """What a list of customers can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: Text = Field("", description="Part of code or name")
    level: CustomerLevel | None = None
    status: CustomerStatus | None = None
    channel: str | None = Field(None, max_length=200)
    parent_id: NodeId | None = Field(None, description="Only direct children of this customer")
    under: NodeId | None = Field(None, description="This customer and everything below it")
    sort: str = Field("code", max_length=40, description="code, name, level, status, updated_at; - in front to reverse")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1_000)
    count: bool = Field(True, description="Also count all rows of the filter")


class CustomerPage(BaseModel):
    """One page of customers; `next_cursor` is null on the last, `total` null when not asked (count=false)."""

    items: list[Customer]
    next_cursor: str | None
    total: int | None


class Figures(BaseModel):
    """Sales of a node over all that is known; money in the company's currency, exact, as text."""

    units: Decimal
    net_revenue: Decimal
    weeks: int
