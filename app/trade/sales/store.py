"""The sales collection: facts one by one, and added up by the database.

A fact: _id (see rules.fact_id), source, grain, customer_id, product_id, period, units, net_revenue, gross_revenue,
price_paid, price_regular, unit_acquisition_cost (Decimal128, the last three may be null), deal, feature (0..1), display,
currency, import_id, version. Who landed it and when stands in its import (docs/decisions/0050-sales-facts.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from bson.decimal128 import Decimal128
from pymongo import ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from app.core.mongo import Document, Index, database
from app.core.paging import Page, PageRequest, find_page
from app.trade.sales.models import ImportSums, SalesFilter, SalesPoint, Source
from app.trade.sales.rules import by_week

COLLECTION = "sales"
_DUPLICATE = 11000

INDEXES: list[Index] = [
    Index(COLLECTION, (("customer_id", 1), ("product_id", 1), ("period", 1), ("source", 1)), unique=True),
    Index(COLLECTION, (("product_id", 1), ("period", 1))),
    Index(COLLECTION, (("customer_id", 1), ("period", 1))),
    Index(COLLECTION, (("source", 1), ("period", 1))),
    Index(COLLECTION, (("import_id", 1),)),
]

SORTABLE = {name: name for name in ("period", "units", "net_revenue", "price_paid")}

By = Literal["customer_id", "product_id"]


def collection() -> Collection[Document]:
    """The facts."""
    return database()[COLLECTION]


def find(part: SalesFilter, projection: Document | None = None) -> Iterator[Document]:
    """All facts of `part` by period."""
    yield from collection().find(part.where(), projection).sort([("period", 1), ("_id", 1)])


def page(part: SalesFilter, request: PageRequest, count: bool = True) -> Page:
    """One page of facts."""
    return find_page(collection(), part.where(), request, SORTABLE, count=count)


def series(part: SalesFilter, by: By | None = None) -> list[SalesPoint]:
    """Sales a week in order, one point a week (and a node when `by` is given)."""
    return by_week(_grouped(part, {"period": "$period", **({"key": f"${by}"} if by else {})}))


def totals(part: SalesFilter, by: By | None = None) -> list[SalesPoint]:
    """Sales over the whole of `part`: one point, or one a node when `by` is given; no point without facts."""
    return _grouped(part, {"key": f"${by}"} if by else {})


def _grouped(part: SalesFilter, group: Document) -> list[SalesPoint]:
    pipeline: list[Document] = [
        {"$match": part.where()},
        {
            "$group": {
                "_id": group or None,
                "units": {"$sum": "$units"},
                "net_revenue": {"$sum": "$net_revenue"},
                "gross_revenue": {"$sum": "$gross_revenue"},
                "deal_units": {"$sum": {"$cond": ["$deal", "$units", 0]}},
                "feature_units": {"$sum": {"$multiply": ["$feature", "$units"]}},
                "rows": {"$sum": 1},
            }
        },
    ]
    return [_point(row) for row in collection().aggregate(pipeline)]


def _point(row: Document) -> SalesPoint:
    group = row["_id"] or {}
    return SalesPoint(
        period=group.get("period"),
        key=group.get("key"),
        units=_exact(row["units"]),
        net_revenue=_exact(row["net_revenue"]),
        gross_revenue=_exact(row["gross_revenue"]),
        deal_units=_exact(row["deal_units"]),
        feature_units=_exact(row["feature_units"]),
        rows=int(row["rows"]),
    )


def _exact(value: Any) -> Decimal:
    """Sums of units may be floats (counts, not money); the shortest text of a float is what was meant."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    return Decimal(str(value))


def span(source: str | None = None) -> tuple[datetime, datetime] | None:
    """First and last period with facts, None without any."""
    ends = [end for name in ([source] if source else list(Source)) for end in _ends(str(name))]
    return (min(ends), max(ends)) if ends else None


def _ends(source: str) -> list[datetime]:
    """The first and last period of one source; both come from the ends of an index."""
    found = []
    for direction in (1, -1):
        row = collection().find_one({"source": source}, {"period": 1}, sort=[("source", direction), ("period", direction)])
        found += [row["period"]] if row else []
    return found


def sold_in(source: str, period: datetime) -> tuple[list[str], list[str]]:
    """Customers and products with facts in this period."""
    where = {"source": source, "period": period}
    return collection().distinct("customer_id", where), collection().distinct("product_id", where)


def any_of(where: Document) -> bool:
    """Whether at least one fact fits `where`."""
    return collection().find_one(where, {"_id": 1}) is not None


def by_ids(ids: list[str], projection: Document | None = None) -> dict[str, Document]:
    """The facts that exist of `ids`, by id."""
    return {fact["_id"]: fact for fact in collection().find({"_id": {"$in": ids}}, projection)}


def of_import(import_id: str, projection: Document | None = None) -> Iterator[Document]:
    """All facts whose present values came with `import_id`."""
    yield from collection().find({"import_id": import_id}, projection)


def origins() -> Iterator[tuple[str, str, str, str, int]]:
    """(source, product, customer, import, facts) for every combination: what the facts consist of, without reading them."""
    group = {"s": "$source", "p": "$product_id", "c": "$customer_id", "i": "$import_id"}
    for row in collection().aggregate([{"$group": {"_id": group, "facts": {"$sum": 1}}}]):
        key = row["_id"]
        yield key["s"], key["p"], key["c"], key["i"], int(row["facts"])


def by_import() -> dict[str, ImportSums]:
    """What the facts of each import add up to."""
    group = {"i": "$import_id", "c": "$currency"}
    fields = {"facts": {"$sum": 1}, "units": {"$sum": "$units"}, "net_revenue": {"$sum": "$net_revenue"}}
    found: dict[str, ImportSums] = {}
    for row in collection().aggregate([{"$group": {"_id": group, **fields}}]):
        name, currency = row["_id"]["i"], row["_id"]["c"]
        before = found.get(name, ImportSums())
        revenue = {**before.revenue, currency: _exact(row["net_revenue"])}
        found[name] = ImportSums(before.facts + int(row["facts"]), before.units + _exact(row["units"]), revenue)
    return found


def currencies(where: Iterable[str] | None = None) -> list[str]:
    """The currencies that facts are in (of the products `where` when given)."""
    return sorted(collection().distinct("currency", {"product_id": {"$in": list(where)}} if where is not None else {}))


# For landing and taking back (app.trade.imports)


def insert(facts: Sequence[Any]) -> bool:
    """Store new facts (documents or raw BSON); False when some were there already, and then the others are stored."""
    try:
        collection().insert_many(facts, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
            raise
        return False
    return True


def replace(pairs: Sequence[tuple[Document, Document]]) -> int:
    """Replace each fact by another if it still is as it was: pairs of (as it was, as it shall be). Returns how many were."""
    if not pairs:
        return 0
    operations = [
        ReplaceOne({"_id": was["_id"], "import_id": was["import_id"], "version": was["version"]}, becomes)
        for was, becomes in pairs
    ]
    return collection().bulk_write(operations, ordered=False).matched_count


def restore(import_id: str, facts: Sequence[Document]) -> None:
    """Put back `facts` where `import_id` replaced them."""
    if facts:
        operations = [ReplaceOne({"_id": fact["_id"], "import_id": import_id}, fact) for fact in facts]
        collection().bulk_write(operations, ordered=False)


def delete_import(import_id: str) -> int:
    """Delete every fact that is there only because of `import_id`."""
    return collection().delete_many({"import_id": import_id}).deleted_count


def used(field: By, ids: Sequence[str]) -> set[str]:
    """Which of the customers or products `ids` have facts."""
    return set(collection().distinct(field, {field: {"$in": list(ids)}})) if ids else set()
