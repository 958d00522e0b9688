"""The audit collection: insert and read. There is no update and no delete, here or anywhere."""

from collections.abc import Iterator, Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from app.access.audit.rules import Link
from app.core.mongo import Document, Index, database
from app.core.paging import Page, PageRequest, find_page

COLLECTION = "audit"
_DUPLICATE_KEY = 11000
SORTABLE = {"at": "_id", "seq": "_id"}

INDEXES = [
    Index(COLLECTION, (("subject_type", 1), ("subject_id", 1), ("_id", -1))),
    Index(COLLECTION, (("actor", 1), ("_id", -1))),
    Index(COLLECTION, (("action", 1), ("_id", -1))),
]


def last_link() -> Link:
    """The end of the chain; Link() when nothing was written yet."""
    last = database()[COLLECTION].find_one({}, {"hash": 1}, sort=[("_id", -1)])
    return Link(last["_id"], last["hash"]) if last else Link()


def append(entries: Sequence[Document]) -> int:
    """Insert in order; returns how many landed before another writer had taken a number first."""
    try:
        database()[COLLECTION].insert_many(entries, ordered=True)
    except BulkWriteError as error:
        (failed,) = error.details["writeErrors"]
        if failed["code"] != _DUPLICATE_KEY:
            raise
        return int(failed["index"])
    return len(entries)


def walk(after: int = 0) -> Iterator[Document]:
    """Every entry with a number above `after`, in order."""
    return iter(database()[COLLECTION].find({"_id": {"$gt": after}}).sort("_id", 1).batch_size(1000))


def entry(seq: int) -> Document | None:
    """One entry."""
    return database()[COLLECTION].find_one({"_id": seq})


def page(where: Document, request: PageRequest) -> Page:
    """Entries that match, newest first unless asked otherwise."""
    return find_page(database()[COLLECTION], where, request, SORTABLE)


def distinct(field: str) -> list[Any]:
    """The values of `field` that occur, for filters."""
    return sorted(value for value in database()[COLLECTION].distinct(field) if value)
