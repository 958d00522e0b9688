"""The words of products: levels, states, and what the API takes and gives."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.trade.customers.models import Code, Currency, Name, NodeId, Text, Version


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError('Write money as text, for example "1.25"; a floating-point number cannot hold it exactly.')
    return value


Price = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=20, decimal_places=6)]
Ean = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(\d{8}|\d{12,14})?$")]


class ProductLevel(StrEnum):
    """From the category down to what a scanner reads."""

    CATEGORY = "category"
    BRAND = "brand"
    SUB_BRAND = "sub_brand"
    SKU = "sku"


class ProductStatus(StrEnum):
    """Delisted products keep their history and are offered nowhere."""

    ACTIVE = "active"
    DELISTED = "delisted"


class CostBasis(StrEnum):
    """Where the unit cost comes from."""

    MEASURED = "measured"
    ASSUMED = "assumed"


LEVELS = tuple(level.value for level in ProductLevel)


class ProductInput(BaseModel):
    """A product as a person writes it."""

    model_config = ConfigDict(extra="forbid")

    sku: Code
    ean: Ean = Field("", description="8, 12, 13 or 14 digits")
    name: Name
    level: ProductLevel = ProductLevel.SKU
    parent_id: NodeId | None = Field(None, description="Id of a product of a level above")
    pack_size: Decimal | None = Field(None, gt=0, max_digits=12, decimal_places=4)
    pack_unit: Text = Field("", description="For example oz, g, ml, pieces")
    unit_cost: Price | None = Field(None, description="What one unit costs the manufacturer")
    unit_cost_basis: CostBasis | None = None
    list_price: Price | None = None
    currency: Currency | None = Field(None, description="ISO 4217; the company's when left out")
    status: ProductStatus = ProductStatus.ACTIVE


class ProductChange(ProductInput):
    """What changes of a product: only what is sent; `version` is the one that was read."""

    # Defaults are never stored: a change holds only the fields that were sent (model_dump(exclude_unset=True)).
    sku: Code = Field(default_factory=str)
    name: Name = Field(default_factory=str)
    version: Version


class Product(BaseModel):
    """A product as the API gives it; money as text."""

    id: str
    sku: str
    ean: str
    name: str
    level: ProductLevel
    parent_id: str | None
    path: list[str]
    pack_size: Decimal | None
    pack_unit: str
    unit_cost: Decimal | None
    unit_cost_basis: CostBasis | None
    list_price: Decimal | None
    currency: str
    status: ProductStatus
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    version: int


class ProductQuery(BaseModel):
    """What a list of products can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: Text = Field("", description="Part of SKU, EAN or name")
    level: ProductLevel | None = None
    status: ProductStatus | None = None
    parent_id: NodeId | None = Field(None, description="Only direct children of this product")
    under: NodeId | None = Field(None, description="This product and everything below it")
    sort: str = Field("sku", max_length=40, description="sku, name, level, list_price, unit_cost, status, updated_at; - reverses")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1_000)
    count: bool = Field(True, description="Also count all rows of the filter")


class ProductPage(BaseModel):
    """One page of products; `next_cursor` is null on the last, `total` null when not asked (count=false)."""

    items: list[Product]
    next_cursor: str | None
    total: int | None
