"""The words of imports: kinds, states, choices, row errors, and the limits that are told to people."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.trade.customers.models import Currency
from app.trade.sales.models import Grain, Source

MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_CELL = 4_000
MAX_CREATED = 20_000
STAGED_ROWS = 2_000
KEPT_ERRORS = 10_000


class Kind(StrEnum):
    """What the rows of a file are."""

    SALES = "sales"
    CUSTOMERS = "customers"
    PRODUCTS = "products"


class Status(StrEnum):
    """Where an import stands; rules.NEXT says what may follow."""

    MAPPING = "mapping"
    VALIDATING = "validating"
    VALIDATED = "validated"
    LANDING = "landing"
    LANDED = "landed"
    FAILED = "failed"
    REVERTING = "reverting"
    REVERTED = "reverted"
    DISCARDED = "discarded"


class Unknown(StrEnum):
    """What happens to rows that name an unknown customer or product."""

    REJECT = "reject"
    CREATE = "create"


class Negatives(StrEnum):
    """What happens to rows with negative units (returns)."""

    ALLOW = "allow"
    REJECT = "reject"


DateFormat = Literal["auto", "ymd", "dmy", "mdy", "iso_week", "excel"]
DecimalMark = Literal["auto", ".", ","]


class Options(BaseModel):
    """The person's choices for one import."""

    model_config = ConfigDict(extra="forbid")

    source: Source = Source.POS
    grain: Grain = Grain.WEEK
    unknown_customers: Unknown = Unknown.REJECT
    unknown_products: Unknown = Unknown.REJECT
    negative_units: Negatives = Negatives.ALLOW
    date_format: DateFormat = "auto"
    decimal_mark: DecimalMark = "auto"
    currency: Currency | None = Field(None, description="For rows without a currency; the company's when left out")


class MappingInput(BaseModel):
    """Which column feeds which field (`columns`: field -> column number from 0), and the choices."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, int] = Field(max_length=MAX_COLUMNS)
    options: Options = Field(default_factory=Options)


@dataclass(frozen=True)
class Unreadable:
    """A cell whose value cannot be known; `why` is for people."""

    why: str


Cell = str | Decimal | date | bool | Unreadable | None
"""As read: text files give text only; spreadsheets give numbers, dates and booleans as such."""


@dataclass(frozen=True)
class RowError:
    """One thing wrong in one row. `row` counts as a spreadsheet does, the header being row 1."""

    row: int
    column: str
    value: str
    message: str
    warning: bool = False
    number: int = 0
    """In the order they were found."""


class Import(BaseModel):
    """An import as the API gives it."""

    id: str
    kind: Kind
    status: Status
    file_name: str
    size: int
    sha256: str
    created_at: str
    created_by: str
    version: int
    job_id: str | None = None
    already_imported: bool = False
    columns: list[dict[str, Any]] = Field(default_factory=list, description="The file's columns with samples")
    mapping: dict[str, int] = Field(default_factory=dict, description="field -> column number from 0")
    options: Options | None = None
    notes: list[str] = Field(default_factory=list)
    counts: dict[str, int] = Field(default_factory=dict)
    totals: dict[str, Any] = Field(default_factory=dict, description="Units, revenue by currency, first and last period")
    failure: str | None = None
