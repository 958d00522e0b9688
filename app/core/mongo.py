"""MongoDB: the connection, declared indexes, and the versioned update that never overwrites another's change."""

import functools
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from app.core import mongo_figures, slow_calls
from app.core.clock import now
from app.core.errors import NotFound, Stale
from app.core.settings import Settings, settings

Document = dict[str, Any]
Db = Database[Document]
Answer = TypeVar("Answer")

_INDEX_OPTIONS_CONFLICT = {85, 86}
_LOST_TO_ANOTHER = {112, 16908292}  # MongoDB's WriteConflict; a deadlock in FerretDB's PostgreSQL. Nothing was written.
_PAUSES = (0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0)  # seconds
_coming_back = threading.Lock()


@dataclass(frozen=True)
class Index:
    """One index of one collection: `keys` as (field, direction) pairs."""

    collection: str
    keys: tuple[tuple[str, int | str], ...]
    unique: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def connect(config: Settings) -> Db:
    """The appliance's database; pooled, and gentle when the server is away for a moment."""
    client: pymongo.MongoClient[Document] = pymongo.MongoClient(
        host=config.mongo_host,
        port=config.mongo_port,
        username=config.mongo_user,
        password=config.secret("mongo_app_password").get_secret_value(),
        authSource=config.mongo_auth_source,
        appname=f"tradeai-{config.service}",
        serverSelectionTimeoutMS=int(config.mongo_timeout_seconds * 1000),
        connectTimeoutMS=int(config.mongo_timeout_seconds * 1000),
        maxPoolSize=64,
        retryWrites=False,
        directConnection=True,
        tz_aware=True,
        tzinfo=UTC,
        event_listeners=[*mongo_figures.listeners(), *slow_calls.listeners(config.mongo_slow_milliseconds)],
    )
    return client.get_database(config.mongo_database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))


@functools.lru_cache(maxsize=1)
def database() -> Db:
    """This process's database handle, opened on first use (after any fork)."""
    return connect(settings())


def ensure_indexes(db: Db, indexes: Iterable[Index]) -> list[str]:
    """Create what is missing, replace what differs; returns the names touched. Idempotent."""
    touched = []
    for index in indexes:
        collection = db[index.collection]
        options = dict(index.options, **({"unique": True} if index.unique else {}))
        try:
            touched.append(collection.create_index(list(index.keys), **options))
        except OperationFailure as error:
            if error.code not in _INDEX_OPTIONS_CONFLICT:
                raise
            collection.drop_index(list(index.keys))
            touched.append(collection.create_index(list(index.keys), **options))
    return touched


def whole_write(write: Callable[[], Answer]) -> Answer:
    """What `write` answers, asked again after a random pause, longer each time, while the server ends it in favour of another's.

    For single writes under a unique index: several of them at once can block each other in FerretDB, which then undoes them one
    after the other. Those that come back do so one at a time in each process: together they would only block each other anew.
    """
    turn: AbstractContextManager[Any] = nullcontext()
    for pause in _PAUSES:
        try:
            with turn:
                return write()
        except OperationFailure as error:
            if error.code not in _LOST_TO_ANOTHER:
                raise
        time.sleep(random.uniform(0.5, 1.5) * pause)  # noqa: S311 - spreads writers, hides nothing
        turn = _coming_back
    with turn:
        return write()


def stamped(document: Document, actor: str) -> Document:
    """`document` with the fields that every new document carries."""
    moment = now()
    return {
        **document,
        "created_at": moment,
        "created_by": actor,
        "updated_at": moment,
        "updated_by": actor,
        "version": 1,
    }


def update_versioned(
    collection: Collection[Document],
    document_id: str,
    version: int,
    changes: Document,
    actor: str,
    what: str = "This",
    condition: Document | None = None,
) -> tuple[Document, Document]:
    """Set `changes` if the document still has `version` (and meets `condition`).

    Returns (before, after). Raises NotFound when there is no such document, Stale when somebody was faster.
    """
    wanted = {"_id": document_id, "version": version, **(condition or {})}
    update = {"$set": {**changes, "updated_at": now(), "updated_by": actor}, "$inc": {"version": 1}}
    before = whole_write(lambda: collection.find_one_and_update(wanted, update, return_document=pymongo.ReturnDocument.BEFORE))
    if before is None:
        if collection.find_one({"_id": document_id}, {"_id": 1}) is None:
            raise NotFound(f"{what} {document_id} does not exist (any more).")
        raise Stale(f"{what} was changed by somebody else since you opened it. Reload to see their change, then repeat yours.")
    return before, {**before, **update["$set"], "version": version + 1}
