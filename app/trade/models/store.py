"""Looks at drift, as the AI service gave them, and which jobs are under way for a source of sales."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.collection import Collection

from app.core.ids import new_id
from app.core.mongo import Document, Index, database

LOOKS, JOBS = "model_looks", "model_jobs"
KEPT = timedelta(days=400)

INDEXES: list[Index] = [Index(LOOKS, (("source", 1), ("at", -1)))]


def looks() -> Collection[Document]:
    """Looks at drift."""
    return database()[LOOKS]


def add_look(source: str, at: datetime, found: dict[str, Any]) -> Document:
    """Keep one, and let go of those older than KEPT."""
    look = {"_id": new_id("look"), "source": source, "at": at, **found}
    looks().insert_one(look)
    looks().delete_many({"source": source, "at": {"$lt": at - KEPT}})
    return look


def newest_look(source: str) -> Document | None:
    """The last look at this source's model."""
    return looks().find_one({"source": source}, sort=[("at", -1)])


def recent_looks(source: str, most: int) -> list[Document]:
    """Oldest first."""
    found = list(looks().find({"source": source}, sort=[("at", -1)], limit=most))
    return found[::-1]


def job_of(source: str, what: str) -> str | None:
    """The id of the job last queued for `what` (train, evaluate, drift)."""
    found = database()[JOBS].find_one({"_id": f"{source}:{what}"})
    return str(found["job"]) if found else None


def set_job(source: str, what: str, job_id: str) -> None:
    """Remember the job."""
    database()[JOBS].update_one({"_id": f"{source}:{what}"}, {"$set": {"job": job_id}}, upsert=True)
