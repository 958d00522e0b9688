"""The plans collection: questions to the optimiser with what it answered.

A plan: _id, name, state, detail, job, question (PlanInput as JSON), candidates (id, customer_id, product_id, start, end,
mechanics), every, left_out, currency, budget; when done: model, net, spend, bound, gap, proven, incremental_units, verdicts
(by candidate id, money as Decimal128), refused; and accepted: the draft promotion of each accepted event.
"""

from datetime import timedelta
from typing import Any

from pymongo.collection import Collection

from app.core.clock import now
from app.core.errors import NotFound
from app.core.mongo import Document, Index, database, stamped

COLLECTION = "plans"
KEPT = timedelta(days=365)
LISTED = {"verdicts": 0, "candidates": 0, "question": 0}

INDEXES: list[Index] = [
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("created_by", 1), ("state", 1))),
]


def collection() -> Collection[Document]:
    """The plans."""
    return database()[COLLECTION]


def get(plan_id: str) -> Document:
    """One plan; raises NotFound."""
    found = collection().find_one({"_id": plan_id})
    if found is None:
        raise NotFound(f"There is no plan {plan_id} (any more). Plans are kept for a year.")
    return found


def newest(limit: int) -> list[Document]:
    """The newest plans without their events."""
    return list(collection().find({}, LISTED).sort([("created_at", -1), ("_id", -1)]).limit(limit))


def waiting_of(user_id: str) -> int:
    """How many plans of a person are still being worked out."""
    return collection().count_documents({"created_by": user_id, "state": "waiting"})


def insert(document: Document, actor: str) -> Document:
    """Store a new plan, and let those older than a year go."""
    collection().delete_many({"created_at": {"$lt": now() - KEPT}})
    stored = stamped(document, actor)
    collection().insert_one(stored)
    return stored


def answer(plan_id: str, changes: dict[str, Any]) -> bool:
    """Record the outcome of a waiting plan; False when it has one already."""
    changes = {**changes, "updated_at": now()}
    return collection().update_one({"_id": plan_id, "state": "waiting"}, {"$set": changes}).matched_count == 1


def note_job(plan_id: str, job_id: str) -> None:
    """The job that works it out."""
    collection().update_one({"_id": plan_id}, {"$set": {"job": job_id}})


def note_accepted(plan_id: str, event_id: str, promotion_id: str) -> bool:
    """The draft that was made of an event; False when one was noted already."""
    where = {"_id": plan_id, f"accepted.{event_id}": {"$exists": False}}
    return collection().update_one(where, {"$set": {f"accepted.{event_id}": promotion_id}}).matched_count == 1
