"""Lists of promotions: what a filter means to the database, names beside ids, and promotions as the API gives them."""

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.core.cache import cached
from app.core.clock import iso, midnight
from app.core.follow import Wanted, followed
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode
from app.trade.hierarchy.store import Nodes, matching
from app.trade.products.store import nodes as products
from app.trade.promotions import store
from app.trade.promotions.models import PromotionQuery

Names = dict[str, str]

_TOLD = (
    "model", "actual_units", "baseline_units", "incremental_units", "post_dip_units", "net_incremental_units",
    "cannibalised_units", "halo_units", "total_units", "placebo_p_value",
)  # fmt: skip
_ROI: dict[str, Document] = {
    "gain": {"net": {"$gt": 0}},
    "loss": {"net": {"$lt": 0}},
    "unknown": {"net": None},
}


def where(query: PromotionQuery) -> Document:
    """The filter that a list asks for; what is empty does not narrow."""
    parts: list[Document] = []
    exact = {"status": query.status, "origin": query.origin, "level": query.level, "analysis.state": query.analysis}
    parts += [{name: value.value} for name, value in exact.items() if value is not None]
    if query.q:
        parts.append(matching(query.q, "code", "name"))
    if query.customer:
        below = customers.below(query.customer) or [query.customer]
        parts.append({"$or": [{"customer_id": {"$in": below}}, {"customer_ids": query.customer}]})
    if query.product:
        parts.append({"product_ids": {"$in": _product_line(query.product)}})
    if query.start:
        parts.append({"end": {"$gte": midnight(query.start)}})
    if query.end:
        parts.append({"start": {"$lte": midnight(query.end)}})
    if query.roi:
        parts.append(_ROI[query.roi])
    return {"$and": parts} if parts else {}


def _product_line(product_id: str) -> list[str]:
    """The product, all below it, and all above it: a promotion of a brand is one of its SKUs too."""
    node = products.by_ids([product_id], {"path": 1}).get(product_id)
    return [*products.below(product_id), *(node["path"] if node else ()), product_id]


def page_request(query: PromotionQuery) -> PageRequest:
    """Sort, limit and cursor of the query."""
    return PageRequest(query.sort, query.limit, query.cursor)


def named(rows: Iterable[Document]) -> list[Document]:
    """The rows with customer_name, product_name, product_names and weeks, for people."""
    listed = list(rows)
    for row, names in zip(listed, add_names(listed), strict=True):
        row["product_names"] = names
        row["weeks"] = -(-((row["end"] - row["start"] + timedelta(days=1)).days) // 7)
    return listed


def kept_names(customer_ids: set[str], product_ids: set[str]) -> tuple[Names, Names]:
    """Names by id, each kind kept by itself: a renamed product leaves the customers' names known."""
    return _kept(customers, customer_ids), _kept(products, product_ids)


def names_as_they_are(customer_ids: set[str], product_ids: set[str]) -> tuple[Names, Names]:
    """The same for a list that is asked for all the time: copies of this process, into which each rename is worked."""
    places, goods = followed(_names(customers, customer_ids), _names(products, product_ids))
    return {one: name for one, (name, _) in places.items()}, {one: name for one, (name, _) in goods.items()}


def add_names(
    rows: Sequence[Document], names_of: Callable[[set[str], set[str]], tuple[Names, Names]] = kept_names
) -> list[list[str]]:
    """Give rows (or items of `as_json`) the names behind their ids as they are now; returns each one's product names.

    Waits for nothing once it has the names.
    """
    ids = {row["customer_id"] for row in rows}
    places, goods = names_of(ids, {product_id for row in rows for product_id in row["product_ids"]})
    names = [[goods[product_id] for product_id in row["product_ids"] if product_id in goods] for row in rows]
    for row, own in zip(rows, names, strict=True):
        row["customer_name"] = places.get(row["customer_id"])
        row["product_name"] = _joined(own)
    return names


def _kept(nodes: Nodes, ids: set[str]) -> Names:
    wanted = sorted(ids)

    def load() -> bytes:
        return encode({node_id: node["name"] for node_id, node in nodes.by_ids(wanted, {"name": 1}).items()})

    found: Names = json.loads(cached([nodes.name], ["names", nodes.name, wanted], load))
    return found


def _names(nodes: Nodes, ids: set[str]) -> Wanted:
    """(name, version) of each of `ids`, with renames worked in."""

    def load() -> dict[str, tuple[str, int]]:
        found = nodes.by_ids(ids, {"name": 1, "version": 1})
        return {node_id: (node["name"], node["version"]) for node_id, node in found.items()}

    def rename(names: dict[str, tuple[str, int]], node: Mapping[str, Any]) -> bool:
        if node["id"] in names and names[node["id"]][1] < node["version"]:
            names[node["id"]] = node["name"], node["version"]
        return True

    return Wanted(nodes.name, ("names", frozenset(ids)), load, rename)


def _joined(names: list[str]) -> str | None:
    if not names:
        return None
    return names[0] if len(names) == 1 else f"{names[0]} + {len(names) - 1}"


def totals(where: Document) -> Document | None:
    """Sums over the filter, with the return of all of them together: margin of all over spend of all."""
    row = store.totals(where)
    if row is None:
        return None
    spend, margin = exact(row["spend"]) or Decimal(0), exact(row["margin"]) or Decimal(0)
    return {
        "promotions": int(row["promotions"]),
        "analysed": int(row["analysed"]),
        "incremental_units": _whole(row["incremental_units"]),
        "net_incremental_units": _whole(row["net_incremental_units"]),
        "spend": spend,
        "incremental_margin": margin,
        "net": exact(row["net"]) or Decimal(0),
        "roi_manufacturer": (margin / spend).quantize(Decimal("0.0001")) if spend > 0 else None,
    }


def exact(value: Any) -> Decimal | None:
    """A stored or computed number as Decimal; sums of an empty set come as the integer 0."""
    if value is None:
        return None
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))


def _whole(value: Any) -> Decimal:
    return (exact(value) or Decimal(0)).quantize(Decimal(1))


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A promotion (from `named`) as the API gives it: money and shares as text, days as dates."""
    sell_in = row.get("sell_in")
    return {
        "id": row["_id"],
        "code": row["code"],
        "name": row["name"],
        "origin": row["origin"],
        "level": row["level"],
        "type": row["type"],
        "status": row["status"],
        "source": row["source"],
        "customer_id": row["customer_id"],
        "customer_name": row.get("customer_name"),
        "customer_ids": row.get("customer_ids") or [],
        "product_ids": row["product_ids"],
        "product_name": row.get("product_name"),
        "start": row["start"].date().isoformat(),
        "end": row["end"].date().isoformat(),
        "sell_in": {name: sell_in[name].date().isoformat() for name in ("start", "end")} if sell_in else None,
        "pre_weeks": row["pre_weeks"],
        "post_weeks": row["post_weeks"],
        **{name: _text(row.get(name)) for name in ("discount", "deal_share", "feature_share")},
        "costs": {name: _text((row.get("costs") or {}).get(name)) for name in ("fixed", "per_unit")},
        "currency": row["currency"],
        "note": row["note"],
        "planned": _planned(row.get("planned")),
        "analysis": _analysis(row.get("analysis") or {"state": "none"}),
        **{name: _text(row.get(name)) for name in ("roi_manufacturer", "roi_retailer")},
        "created_at": iso(row["created_at"]),
        "created_by": row["created_by"],
        "updated_at": iso(row["updated_at"]),
        "updated_by": row["updated_by"],
        "version": row["version"],
    }


def _analysis(analysis: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "state": analysis["state"],
        "reason": analysis.get("reason"),
        "at": iso(analysis["at"]) if analysis.get("at") else None,
    }
    for name in _TOLD:
        told[name] = analysis.get(name)
    told["manufacturer"], told["retailer"] = _side(analysis.get("manufacturer")), _side(analysis.get("retailer"))
    told["warnings"] = analysis.get("warnings") or []
    told["weeks"] = [
        {name: value.date().isoformat() if name == "week" else _number(value) for name, value in week.items()}
        for week in analysis.get("weeks") or ()
    ]
    return told


def _planned(planned: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Planned figures with their moment and money as text."""
    if not planned:
        return None
    terms = {name: _text(value) if isinstance(value, Decimal128) else value for name, value in planned["terms"].items()}
    sides = {name: _side(planned.get(name)) for name in ("manufacturer", "retailer")}
    return {**planned, "at": iso(planned["at"]), "terms": terms, **sides}


def _side(side: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {name: _text(value) if isinstance(value, Decimal128) else value for name, value in side.items()}


def _text(value: Any) -> str | None:
    return _written(value.bid) if isinstance(value, Decimal128) else None if value is None else str(value)


@functools.lru_cache(maxsize=20_000)
def _written(decimal: bytes) -> str:
    """A Decimal128 as text: its own way there took most of the time of a page of promotions, and the same ones come again."""
    return str(Decimal128.from_bid(decimal))


def _number(value: Any) -> Any:
    return _text(value) if isinstance(value, Decimal128) else value


def totals_as_json(sums: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Totals with money as text."""
    if sums is None:
        return None
    return {name: _text(value) if isinstance(value, Decimal) or value is None else value for name, value in sums.items()}


_WHOLE_NUMBERS = ("promotions", "analysed")


def totals_from_json(told: Mapping[str, Any] | None) -> Document | None:
    """The way back."""
    if told is None:
        return None
    return {name: value if name in _WHOLE_NUMBERS or value is None else Decimal(value) for name, value in told.items()}
