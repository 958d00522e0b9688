"""Pages of results: cursor pagination over a whitelisted sort, stable while rows come and go."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.collection import Collection

from app.core.errors import FieldError, Invalid
from app.core.mongo import Document

DEFAULT_LIMIT, MAX_LIMIT = 50, 500


@dataclass(frozen=True)
class PageRequest:
    """What a list endpoint was asked: `sort` is a public field name, `-` in front for descending."""

    sort: str
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    """One page: `next_cursor` is None on the last; `total` counts all rows of the filter (None if not asked)."""

    items: list[Document]
    next_cursor: str | None
    total: int | None = None


def find_page(
    collection: Collection[Document],
    where: Document,
    request: PageRequest,
    sortable: Mapping[str, str],
    projection: Document | None = None,
    count: bool = True,
) -> Page:
    """The page of `collection` that `request` names; `sortable` maps public sort names to stored fields."""
    name, direction = _sort(request.sort, sortable)
    limit = max(1, min(request.limit, MAX_LIMIT))
    query: Document = where if request.cursor is None else {"$and": [where, _after(request.cursor, name, direction)]}
    order = [("_id", direction)] if name == "_id" else [(name, direction), ("_id", direction)]
    rows = list(collection.find(query, projection).sort(order).limit(limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(
        items=rows,
        next_cursor=_encode(rows[-1], name) if more else None,
        total=collection.count_documents(where) if count else None,
    )


def _sort(sort: str, sortable: Mapping[str, str]) -> tuple[str, int]:
    public = sort.removeprefix("-")
    if public not in sortable:
        names = ", ".join(sortable)
        raise Invalid(
            "The list cannot be sorted that way.",
            [FieldError("sort", f"Use one of: {names}, with - in front to reverse.")],
        )
    return sortable[public], -1 if sort.startswith("-") else 1


def _encode(row: Document, name: str) -> str:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return cursor(value, row["_id"])


def cursor(value: Any, row_id: Any) -> str:
    """Where a page goes on after the row `row_id`, which has `value` in the field that is sorted by."""
    if isinstance(value, datetime):
        value = {"t": value.isoformat()}
    elif isinstance(value, Decimal128):
        value = {"d": str(value)}
    return base64.urlsafe_b64encode(json.dumps([value, row_id]).encode()).decode()


def _after(cursor: str, name: str, direction: int) -> Document:
    try:
        value, last_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if isinstance(value, dict):
            value = datetime.fromisoformat(value["t"]).astimezone(UTC) if "t" in value else Decimal128(value["d"])
    except (ValueError, KeyError, TypeError, binascii.Error, ArithmeticError, RecursionError) as error:
        raise Invalid("The page link is damaged.", [FieldError("cursor", "Start again from the first page.")]) from error
    if not isinstance(last_id, str | int) or not (_storable(value) and _storable(last_id)):
        raise Invalid("The page link is damaged.", [FieldError("cursor", "Start again from the first page.")])
    operator = "$gt" if direction == 1 else "$lt"
    if name == "_id":
        return {"_id": {operator: last_id}}
    same_value = {name: value, "_id": {operator: last_id}}
    if value is None:
        # Nulls sort first: going up everything non-null is still to come; going down only the other nulls are.
        return {"$or": [same_value, {name: {"$ne": None}}]} if direction == 1 else same_value
    beyond: list[Document] = [same_value, {name: {operator: value}}]
    if direction == -1:
        beyond.append({name: None})
    return {"$or": beyond}


def _storable(value: Any) -> bool:
    """Whether a value from a cursor can be asked of the database at all; a cursor comes from outside."""
    if isinstance(value, str):
        return value.isascii() or value == value.encode("utf-8", "ignore").decode()
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, float | datetime | Decimal128)
