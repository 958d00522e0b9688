"""The promotions collection, and the note of which sales were already looked through for deals.

A promotion beside the fields of `models.Promotion`: key (what makes it the same promotion), shelf (see
finder.Shelf), sales_hash (the sales its
analysis rests on), and, flat for sorting, incremental_units, net_incremental_units, spend, margin, net, roi_manufacturer,
roi_retailer, all of the manufacturer but the last and null until analysed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pymongo
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.mongo import Document, Index, database, stamped, update_versioned, whole_write
from app.core.paging import Page, PageRequest, find_page

COLLECTION, SCANS = "promotions", "promotion_scans"
WHAT = "Promotion"
_BATCH = 500

INDEXES: list[Index] = [
    Index(COLLECTION, (("key", 1),), unique=True),
    Index(COLLECTION, (("code", 1),)),
    Index(COLLECTION, (("shelf", 1),)),
    Index(COLLECTION, (("start", -1), ("_id", -1))),
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
LISTED = {"analysis.weeks": 0, "planned": 0, "customer_ids": 0, "sales_hash": 0}
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


def find(
    where: Document, projection: Document | None = None, sort: Sequence[tuple[str, int]] = (("start", -1), ("_id", -1))
) -> Any:
    """A cursor over `where`."""
    return collection().find(where, projection).sort(list(sort))


def count(where: Document) -> int:
    """How many promotions `where` has."""
    return collection().count_documents(where)


def totals(where: Document) -> Document | None:
    """Sums of the flat figures over `where`; None without any promotion. A result counts until a newer one replaces it."""
    sums = {name: {"$sum": f"${name}"} for name in ("incremental_units", "net_incremental_units", "spend", "margin", "net")}
    analysed = {"$sum": {"$cond": [{"$eq": ["$incremental_units", None]}, 0, 1]}}
    group = {"_id": None, "promotions": {"$sum": 1}, "analysed": analysed, **sums}
    return next(iter(collection().aggregate([{"$match": where}, {"$group": group}])), None)


def level_counts(where: Document) -> dict[str, int]:
    """How many promotions `where` has, by level."""
    counted = collection().aggregate([{"$match": where}, {"$group": {"_id": "$level", "count": {"$sum": 1}}}])
    return {str(row["_id"]): int(row["count"]) for row in counted}


def insert(document: Document, actor: str) -> Document:
    """Store a new promotion; raises Conflict when the code is taken."""
    stored = stamped(document, actor)
    try:
        whole_write(lambda: collection().insert_one(stored))
    except DuplicateKeyError as error:
        raise Conflict(f"A promotion with the code {document['code']} exists already. Choose another code.") from error
    return stored


def update(
    promotion_id: str, version: int, changes: Document, actor: str, condition: Document | None = None
) -> tuple[Document, Document]:
    """(before, after) of a person's change; raises NotFound, Stale."""
    return update_versioned(collection(), promotion_id, version, changes, actor, what=WHAT, condition=condition)


def set_analysis(row: Document, changes: Document) -> bool:
    """Record what the machine found out about `row`, without a new version: nobody's edit becomes stale by it.

    Only while the promotion is still what was asked about; False when it was changed meanwhile, or is gone.
    """
    asked = {name: row.get(name) for name in ("sales_hash", "start", "end", "costs", "customer_id", "product_ids")}
    return collection().update_one({"_id": row["_id"], **asked}, {"$set": changes}).matched_count == 1


def ask_again(where: Document, state: str) -> int:
    """Put the analysis of `where` into `state`, keeping what is known until it is replaced; returns how many."""
    return collection().update_many(where, {"$set": {"analysis.state": state}}).modified_count


def note_job(promotion_id: str, job_id: str) -> None:
    """The job that will analyse it, so that its page can show progress."""
    collection().update_one({"_id": promotion_id, "analysis.state": "waiting"}, {"$set": {"analysis.job": job_id}})


def write_observed(
    shelf: str, new: Sequence[Document], changed: Sequence[tuple[str, Document]], gone: Sequence[str], actor: str
) -> None:
    """Store what finding deals on `shelf` came to: those gone first, so that their keys are free.

    A store that moved to another chain leaves promotions under its old shelf; they give way to those of the new one.
    """
    moment = now()
    keys = [row["key"] for row in (*new, *(changes for _id, changes in changed)) if "key" in row]
    operations: list[Any] = [pymongo.DeleteOne({"_id": promotion_id}) for promotion_id in gone]
    operations += [
        pymongo.DeleteMany({"key": {"$in": keys[start : start + _BATCH]}, "shelf": {"$ne": shelf}})
        for start in range(0, len(keys), _BATCH)
    ]
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


def last_scan() -> datetime | None:
    """When sales were last looked through with a change."""
    scan = database()[SCANS].find_one({}, {"at": 1}, sort=[("at", -1)])
    return scan["at"] if scan else None


def waiting(ids: Sequence[str] | None = None) -> Iterator[Document]:
    """Promotions whose analysis waits (of `ids` when given), whole chains first, newest first, without old results."""
    where: Document = {"analysis.state": "waiting", **({"_id": {"$in": list(ids)}} if ids is not None else {})}
    yield from collection().find(where, {"analysis": 0}).sort([("level", 1), ("source", 1), ("start", -1)])
