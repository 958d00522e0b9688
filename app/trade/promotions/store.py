"""The promotions collection, and the note of which sales were already looked through for deals.

A promotion beside the fields of `models.Promotion`: key (what makes it the same promotion), sales_hash (the sales its
analysis rests on), and, flat for sorting, incremental_units, net_incremental_units, spend, margin, net, roi_manufacturer,
roi_retailer, all of the manufacturer but the last and null until analysed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pymongo
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.mongo import Document, Index, database, stamped, update_versioned
from app.core.paging import Page, PageRequest, find_page

COLLECTION, SCANS = "promotions", "promotion_scans"
WHAT = "Promotion"
_BATCH = 500

INDEXES: list[Index] = [
    Index(COLLECTION, (("key", 1),), unique=True),
    Index(COLLECTION, (("code", 1),), unique=True),
    Index(COLLECTION, (("level", 1), ("start", -1), ("_id", -1))),
    Index(COLLECTION, (("level", 1), ("roi_manufacturer", -1), ("_id", -1))),
    Index(COLLECTION, (("customer_id", 1), ("start", -1))),
    Index(COLLECTION, (("product_ids", 1), ("start", -1))),
    Index(COLLECTION, (("analysis.state", 1), ("level", 1))),
]

SORTABLE = {
    name: name
    for name in (
        "code", "name", "start", "end", "status", "discount", "updated_at", "incremental_units", "net_incremental_units",
        "spend", "net", "roi_manufacturer", "roi_retailer",
    )
}  # fmt: skip
LISTED = {"analysis.weeks": 0, "customer_ids": 0, "sales_hash": 0}
UNANALYSED: Document = dict.fromkeys(
    ("incremental_units", "net_incremental_units", "spend", "margin", "net", "roi_manufacturer", "roi_retailer")
)


def collection() -> Collection[Document]:
    """The promotions."""
    return database()[COLLECTION]


def get(promotion_id: str) -> Document:
    """One promotion; raises NotFound."""
    found = collection().find_one({"_id": promotion_id})
    if found is None:
        raise NotFound(f"There is no promotion {promotion_id} (any more). It may have gone with the sales it was seen in.")
    return found


def page(where: Document, request: PageRequest, count: bool = True) -> Page:
    """One page of `where`, without weeks and store lists."""
    return find_page(collection(), where, request, SORTABLE, projection=LISTED, count=count)


def find(where: Document, projection: Document | None = None, sort: Sequence[tuple[str, int]] = (("start", -1), ("_id", -1))) -> Any:
    """A cursor over `where`."""
    return collection().find(where, projection).sort(list(sort))


def count(where: Document) -> int:
    """How many promotions `where` has."""
    return collection().count_documents(where)


def totals(where: Document) -> Document | None:
    """Sums of the flat figures over `where`; None without any promotion."""
    sums = {name: {"$sum": f"${name}"} for name in ("incremental_units", "net_incremental_units", "spend", "margin")}
    analysed = {"$sum": {"$cond": [{"$eq": ["$analysis.state", "done"]}, 1, 0]}}
    group = {"_id": None, "promotions": {"$sum": 1}, "analysed": analysed, **sums}
    return next(iter(collection().aggregate([{"$match": where}, {"$group": group}])), None)


def insert(document: Document, actor: str) -> Document:
    """Store a new promotion; raises Conflict when the code is taken."""
    stored = stamped(document, actor)
    try:
        collection().insert_one(stored)
    except DuplicateKeyError as error:
        raise Conflict(f"A promotion with the code {document['code']} exists already. Choose another code.") from error
    return stored


def update(promotion_id: str, version: int, changes: Document, actor: str, condition: Document | None = None) -> tuple[Document, Document]:
    """(before, after) of a person's change; raises NotFound, Stale."""
    return update_versioned(collection(), promotion_id, version, changes, actor, what=WHAT, condition=condition)


def set_analysis(promotion_id: str, changes: Document, sales_hash: str | None = None) -> bool:
    """Record what the machine found out, without a new version: nobody's edit becomes stale by it.

    With `sales_hash` only while the promotion still rests on those sales; False when it no longer does, or is gone.
    """
    where: Document = {"_id": promotion_id}
    if sales_hash is not None:
        where["sales_hash"] = sales_hash
    return collection().update_one(where, {"$set": {**changes, "analysed_at": now()}}).matched_count == 1


def write_observed(new: Iterable[Document], changed: Iterable[tuple[str, Document]], gone: Sequence[str], actor: str) -> None:
    """Store what finding deals came to: those gone first, so that their keys are free."""
    moment = now()
    operations: list[Any] = [pymongo.DeleteOne({"_id": promotion_id}) for promotion_id in gone]
    operations += [
        pymongo.UpdateOne(
            {"_id": promotion_id},
            {"$set": {**changes, "updated_at": moment, "updated_by": actor}, "$inc": {"version": 1}},
        )
        for promotion_id, changes in changed
    ]
    operations += [pymongo.InsertOne(stamped(document, actor)) for document in new]
    for start in range(0, len(operations), _BATCH):
        collection().bulk_write(operations[start : start + _BATCH], ordered=True)


def scans() -> dict[str, str]:
    """Fingerprint of the sales last looked through, by `source|chain|product`."""
    return {scan["_id"]: scan["fingerprint"] for scan in database()[SCANS].find()}


def remember_scan(key: str, fingerprint: str) -> None:
    """Those sales have been looked through."""
    database()[SCANS].replace_one({"_id": key}, {"fingerprint": fingerprint, "at": now()}, upsert=True)


def forget_scan(key: str) -> None:
    """There are no such sales any more."""
    database()[SCANS].delete_one({"_id": key})


def waiting(states: Sequence[str], ids: Sequence[str] | None, limit: int, skip: Sequence[str] = ()) -> Iterator[Document]:
    """Promotions whose analysis is in one of `states`, whole chains first, newest first; at most `limit`."""
    where: Document = {"analysis.state": {"$in": list(states)}}
    if ids is not None:
        where["_id"] = {"$in": list(ids)}
    yield from collection().find(where, {"analysis": 0}).sort([("level", 1), ("start", -1)]).limit(limit)
