"""The words of sales: where figures come from, how fine they are, and what part of them is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Source(StrEnum):
    """Sell-out at the till or sell-in from our warehouse; never mixed in one figure."""

    POS = "pos"
    SHIPMENT = "shipment"


class Grain(StrEnum):
    """A fact covers one ISO week (period is its Monday) or one day."""

    WEEK = "week"
    DAY = "day"


@dataclass(frozen=True)
class SalesFilter:
    """Part of the sales. None means all; ids are those of the facts themselves (stores, SKUs); both dates are included."""

    source: Source = Source.POS
    customer_ids: Sequence[str] | None = None
    product_ids: Sequence[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    deal: bool | None = None

    def where(self) -> dict[str, object]:
        """As a MongoDB filter."""
        query: dict[str, object] = {"source": self.source.value}
        if self.customer_ids is not None:
            query["customer_id"] = _one_or_in(self.customer_ids)
        if self.product_ids is not None:
            query["product_id"] = _one_or_in(self.product_ids)
        period = {key: value for key, value in (("$gte", self.start), ("$lte", self.end)) if value is not None}
        if period:
            query["period"] = period
        if self.deal is not None:
            query["deal"] = self.deal
        return query


def _one_or_in(ids: Sequence[str]) -> object:
    return ids[0] if len(ids) == 1 else {"$in": list(ids)}


@dataclass(frozen=True)
class ImportSums:
    """What the facts of one import add up to; revenue (net) by currency."""

    facts: int = 0
    units: Decimal = Decimal(0)
    revenue: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class SalesPoint:
    """Sales of one period (and of one node when grouped). Revenue is exact; prices are per unit, None without units."""

    period: datetime | None
    key: str | None
    units: Decimal
    net_revenue: Decimal
    gross_revenue: Decimal
    deal_units: Decimal
    feature_units: Decimal
    rows: int

    @property
    def price(self) -> Decimal | None:
        """Unit-weighted mean price paid."""
        return self.net_revenue / self.units if self.units else None

    @property
    def price_regular(self) -> Decimal | None:
        """Unit-weighted mean regular price."""
        return self.gross_revenue / self.units if self.units else None

    @property
    def deal_share(self) -> Decimal | None:
        """Share of units sold on deal, 0 to 1."""
        return self.deal_units / self.units if self.units else None
