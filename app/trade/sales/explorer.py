"""Sales seen from any side: any part of both trees, by week or month, split by product, brand, store or chain."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.cache import cached
from app.core.clock import midnight
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode
from app.trade.hierarchy.store import Nodes
from app.trade.products.store import nodes as products
from app.trade.sales import store
from app.trade.sales.kept import kept
from app.trade.sales.models import SalesFilter, SalesPoint, Source
from app.trade.sales.rules import added

SCOPES = ("sales", "customers", "products")
Split = Literal["none", "product", "brand", "store", "chain"]
Measure = Literal["units", "revenue", "price"]
SORTS = ("period", "name", "units", "revenue", "price", "deal_share")
_TREES: dict[str, tuple[Nodes, store.By, tuple[str, ...]]] = {
    "product": (products, "product_id", ()),
    "brand": (products, "product_id", ("brand",)),
    "store": (customers, "customer_id", ()),
    "chain": (customers, "customer_id", ("banner", "national")),
}


def _split(value: Any) -> Any:
    """`a,b` as a list, so that an address can name several."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


Day = Annotated[date, Field(ge=date(1970, 1, 5), le=date(2200, 1, 1))]
Ids = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], BeforeValidator(_split), Field(max_length=200)]


class SalesQuery(BaseModel):
    """What part of the sales, and how it is added up. Ids may be of any level and stand for everything below."""

    model_config = ConfigDict(extra="forbid")

    customer: Ids = Field(default_factory=list, description="Customers of any level, separated by commas; empty: all")
    product: Ids = Field(default_factory=list, description="Products of any level, separated by commas; empty: all")
    start: Day | None = Field(None, description="First day; its whole week counts")
    end: Day | None = Field(None, description="Last day; its whole week counts")
    source: Source = Source.POS
    grain: Literal["week", "month"] = Field("week", description="A week belongs to the month of its Thursday")
    by: Split = Field("none", description="Split into product, brand, store or chain")
    sort: str = Field(
        "-period", max_length=20, description="period, name, units, revenue, price, deal_share; - in front to reverse"
    )
    limit: int = Field(100, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=20, pattern=r"^\d+$")


@dataclass(frozen=True)
class Row:
    """Sales of one period and one member of the split; exact. `period` is the Monday or the first of the month."""

    period: date
    key: str | None
    name: str
    units: Decimal
    revenue: Decimal
    regular_revenue: Decimal
    deal_units: Decimal
    feature_units: Decimal

    @property
    def price(self) -> Decimal | None:
        """Mean price paid, weighted by units."""
        return self.revenue / self.units if self.units else None

    @property
    def deal_share(self) -> Decimal | None:
        """Share of units sold on deal."""
        return self.deal_units / self.units if self.units else None

    def value(self, measure: Measure) -> Decimal | None:
        """The figure that is looked at."""
        return {"units": self.units, "revenue": self.revenue, "price": self.price}[measure]


def explore(who: Principal, query: SalesQuery) -> list[Row]:
    """Every row of the answer, sorted as asked. Added up by the database and kept in the read cache."""
    require(who, Permission.SALES_READ)
    asked = query.model_dump(mode="json", exclude={"sort", "limit", "cursor"})
    rows = [_from_json(row) for row in json.loads(cached(SCOPES, ["sales.explore", asked], lambda: _load(query)))]
    return _sorted(rows, query.sort)


def newest_day(who: Principal, source: Source) -> date | None:
    """The first day of the newest period with sales; None without any."""
    require(who, Permission.SALES_READ)

    def load() -> bytes:
        span = store.span(source.value)
        return encode(span[1].date().isoformat() if span else None)

    found = json.loads(kept(["newest", source.value], load))
    return date.fromisoformat(found) if found else None


def sold_lately(who: Principal, source: Source) -> set[str]:
    """Ids of the products that sold in the newest period, and of the customers, with all above them."""
    require(who, Permission.SALES_READ)

    def load() -> bytes:
        span = store.span(source.value)
        stores, skus = store.sold_in(source.value, span[1]) if span else ([], [])
        above = {step for node in customers.by_ids(set(stores), {"path": 1}).values() for step in node.get("path") or ()}
        return encode(sorted({*stores, *skus, *above}))

    return set(json.loads(kept(["sold-lately", source.value], load)))


def total(rows: Iterable[Row]) -> Row | None:
    """All rows together; None without any."""
    summed: Row | None = None
    for row in rows:
        summed = row if summed is None else _together(summed, row)
    return summed


def leading(rows: Sequence[Row], measure: Measure, most: int) -> tuple[list[str], dict[str, str]]:
    """The keys that matter most (by units or revenue over all periods), and every key's name."""
    sums: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    for row in rows:
        key = row.key or ""
        sums[key] = sums.get(key, Decimal(0)) + (row.revenue if measure == "revenue" else row.units)
        names[key] = row.name
    return sorted(sums, key=lambda key: (-sums[key], names[key]))[:most], names


def _load(query: SalesQuery) -> bytes:
    tree = _TREES.get(query.by)
    points = _points(query, tree[1] if tree else None)
    if query.grain == "month":
        points = [replace(point, period=month_of(point.period)) for point in points if point.period]
    if tree is None:
        return encode([_as_json(point, "") for point in _merged(points, {})])
    nodes, _field, levels = tree
    homes = _homes(nodes, {str(point.key) for point in points}, levels)
    names = nodes.by_ids(set(homes.values()), {"name": 1})
    return encode([_as_json(point, _name(names, point.key)) for point in _merged(points, homes)])


def _points(query: SalesQuery, by: store.By | None) -> list[SalesPoint]:
    """Weekly sums of the asked part. The whole history is summed and kept, whatever the period, unless split by store:
    one sum then serves every period that people look at."""
    first = _monday(query.start)
    last = midnight(query.end) if query.end else None
    part = SalesFilter(query.source, _all_below(customers, query.customer), _all_below(products, query.product))
    if by == "customer_id":
        part = replace(part, start=first, end=last)
    found = json.loads(kept(["series", part.where(), by], lambda: encode([_packed(one) for one in store.series(part, by)])))
    points = [_unpacked(one) for one in found]
    return [one for one in points if one.period and (not first or one.period >= first) and (not last or one.period <= last)]


def _packed(point: SalesPoint) -> list[Any]:
    exact = (point.units, point.net_revenue, point.gross_revenue, point.deal_units, point.feature_units)
    return [point.period.timestamp() if point.period else None, point.key, *(str(one) for one in exact), point.rows]


def _unpacked(packed: list[Any]) -> SalesPoint:
    moment, key, units, net, gross, deal, feature, rows = packed
    return SalesPoint(
        period=datetime.fromtimestamp(moment, UTC) if moment is not None else None,
        key=key,
        units=Decimal(units),
        net_revenue=Decimal(net),
        gross_revenue=Decimal(gross),
        deal_units=Decimal(deal),
        feature_units=Decimal(feature),
        rows=rows,
    )


def warm(sources: Iterable[Source] = (Source.POS,)) -> None:
    """Add up what the first visitor will look at; called when sales changed."""
    for source in sources:
        newest_day(Principal.system("worker"), source)
        for by in (None, "product_id"):
            _points(SalesQuery(source=source), by)


def month_of(monday: datetime) -> datetime:
    """The first day of the month that a week belongs to: that of its Thursday, as ISO counts years."""
    thursday = monday + timedelta(days=3)
    return datetime(thursday.year, thursday.month, 1, tzinfo=UTC)


def _all_below(nodes: Nodes, ids: Sequence[str]) -> list[str] | None:
    if not ids:
        return None
    found = {below for node_id in ids for below in nodes.below(node_id)}
    return sorted(found) or ["-"]


def _monday(day: date | None) -> datetime | None:
    return midnight(day - timedelta(days=day.weekday())) if day else None


def _homes(nodes: Nodes, keys: set[str], levels: Sequence[str]) -> dict[str, str]:
    """Which node each fact's node counts towards: the nearest above of one of `levels`, else itself."""
    if not levels:
        return {key: key for key in keys}
    found = nodes.by_ids(keys, {"path": 1})
    above = nodes.by_ids({node_id for node in found.values() for node_id in node["path"]}, {"level": 1})
    homes = {}
    for key, node in found.items():
        line = [node_id for node_id in reversed(node["path"]) if above.get(node_id, {}).get("level") in levels]
        homes[key] = line[0] if line else key
    return homes


def _merged(points: Iterable[SalesPoint], homes: Mapping[str, str]) -> list[SalesPoint]:
    merged: dict[tuple[datetime | None, str | None], SalesPoint] = {}
    for point in points:
        key = homes.get(str(point.key), point.key) if point.key else None
        there = merged.get((point.period, key))
        merged[point.period, key] = added(there, point) if there else replace(point, key=key)
    return list(merged.values())


def _name(names: Mapping[str, Document], key: str | None) -> str:
    return str(names[key]["name"]) if key is not None and key in names else _("Gone")


def _as_json(point: SalesPoint, name: str) -> list[Any]:
    exact = (point.units, point.net_revenue, point.gross_revenue, point.deal_units, point.feature_units)
    period = point.period.date().isoformat() if point.period else None
    return [period, point.key, name, *(str(value) for value in exact)]


def _from_json(row: list[Any]) -> Row:
    period, key, name, *exact = row
    return Row(date.fromisoformat(period), key, name, *(Decimal(value) for value in exact))


def _together(one: Row, other: Row) -> Row:
    names = ("units", "revenue", "regular_revenue", "deal_units", "feature_units")
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise Invalid(
            _("Sales cannot be sorted that way."), [FieldError("sort", _("Use one of: {names}.", names=", ".join(SORTS)))]
        )
    known = [row for row in rows if getattr(row, name) is not None]
    unknown = [row for row in rows if getattr(row, name) is None]
    known.sort(key=lambda row: row.name)
    known.sort(key=lambda row: getattr(row, name), reverse=sort.startswith("-"))
    return known + unknown
