"""Reading and changing one collection of nodes; the path of everything below follows each move."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pymongo
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.mongo import Document, Index, database, stamped, update_versioned, whole_write
from app.core.paging import Page, PageRequest, find_page
from app.trade.hierarchy.rules import moved_path, paths_from_parents

LEASES = "leases"
_MOVE_SECONDS = 30
_WAIT_SECONDS, _RETRY_SECONDS = 5.0, 0.02
_BATCH = 1_000


@dataclass(frozen=True)
class Nodes:
    """One collection of nodes. `code` is the field with the business key; `what` names a node in messages."""

    name: str
    code: str
    what: str

    @property
    def indexes(self) -> list[Index]:
        """Code is unique; the path answers "everything below"."""
        return [
            Index(self.name, ((self.code, 1),), unique=True),
            Index(self.name, (("name", 1), ("_id", 1))),
            Index(self.name, (("parent_id", 1),)),
            Index(self.name, (("path", 1),)),
            Index(self.name, (("level", 1), (self.code, 1))),
        ]

    def collection(self) -> Collection[Document]:
        return database()[self.name]

    def get(self, node_id: str) -> Document:
        """The node; raises NotFound."""
        found = self.collection().find_one({"_id": node_id})
        if found is None:
            raise NotFound(f"{self.what} {node_id} does not exist (any more).")
        return found

    def find(self, where: Document, projection: Document | None = None) -> Iterator[Document]:
        """All nodes of `where`, by code."""
        yield from self.collection().find(where, projection).sort(self.code, 1)

    def by_ids(self, ids: Iterable[str], projection: Document | None = None) -> dict[str, Document]:
        """The nodes that exist of `ids`, by id."""
        return {node["_id"]: node for node in self._in("_id", ids, projection)}

    def by_codes(self, codes: Iterable[str], projection: Document | None = None) -> dict[str, Document]:
        """The nodes that exist of `codes`, by code; `projection` must keep the code."""
        return {node[self.code]: node for node in self._in(self.code, codes, projection)}

    def _in(self, field: str, values: Iterable[str], projection: Document | None) -> Iterator[Document]:
        wanted = sorted(set(values))
        for start in range(0, len(wanted), _BATCH):
            yield from self.collection().find({field: {"$in": wanted[start : start + _BATCH]}}, projection)

    def children(self, node_id: str) -> list[Document]:
        """Direct children by code."""
        return list(self.collection().find({"parent_id": node_id}).sort(self.code, 1))

    def below(self, node_id: str, level: str | None = None) -> list[str]:
        """Ids of the node itself and everything below it, of one `level` only when given."""
        where: Document = {"path": node_id, **({"level": level} if level else {})}
        return [row["_id"] for row in self.collection().find(where, {"_id": 1})]

    def page(self, where: Document, request: PageRequest, sortable: dict[str, str], count: bool = True) -> Page:
        """One page of `where`."""
        return find_page(self.collection(), where, request, sortable, count=count)

    def count(self, where: Document | None = None) -> int:
        """How many nodes `where` has."""
        return self.collection().count_documents(where or {})

    def insert(self, document: Document, actor: str) -> Document:
        """Store a new node with its `_id` and `path` set; raises Conflict when the code is taken."""
        node = stamped(document, actor)
        try:
            whole_write(lambda: self.collection().insert_one(node))
        except DuplicateKeyError as error:
            raise self._taken(str(document[self.code])) from error
        return node

    def update(self, node_id: str, version: int, changes: Document, actor: str) -> tuple[Document, Document]:
        """(before, after) of a change that does not move the node; raises NotFound, Stale, Conflict."""
        try:
            return update_versioned(self.collection(), node_id, version, changes, actor, what=self.what)
        except DuplicateKeyError as error:
            raise self._taken(str(changes.get(self.code))) from error

    def move(self, node_id: str, version: int, changes: Document, actor: str) -> tuple[Document, Document]:
        """As `update`, where `changes` hold a new parent_id and path: everything below gets its new path too.

        The caller holds `moving()`, so that no other move happens meanwhile.
        """
        before, after = self.update(node_id, version, changes, actor)
        operations = [
            pymongo.UpdateOne({"_id": node["_id"]}, {"$set": {"path": moved_path(node["path"], node_id, after["path"])}})
            for node in self.collection().find({"path": node_id, "_id": {"$ne": node_id}}, {"path": 1})
        ]
        self._write(operations)
        return before, after

    def moving(self) -> "Lease":
        """The one right to change the shape of this tree; a move that died is repaired by the next."""
        return Lease(f"tree:{self.name}", on_abandoned=self.rebuild_paths)

    def rebuild_paths(self) -> int:
        """Set every path from parent_id, which is the truth; returns how many were wrong."""
        nodes = list(self.collection().find({}, {"parent_id": 1, "path": 1}))
        right = paths_from_parents({node["_id"]: node.get("parent_id") for node in nodes})
        operations = [
            pymongo.UpdateOne({"_id": node["_id"]}, {"$set": {"path": right[node["_id"]]}})
            for node in nodes
            if node.get("path") != right[node["_id"]]
        ]
        self._write(operations)
        return len(operations)

    def _write(self, operations: list[Any]) -> None:
        for start in range(0, len(operations), _BATCH):
            self.collection().bulk_write(operations[start : start + _BATCH], ordered=False)

    def _taken(self, code: str) -> Conflict:
        return Conflict(f"{self.what} {code} exists already. Open it to change it, or choose another code.")


def matching(words: str, *fields: str) -> Document:
    """A filter for rows where any of `fields` contains `words`, capitals ignored."""
    pattern = {"$regex": re.escape(words.replace("\0", "")), "$options": "i"}  # no pattern can hold a NUL
    return {"$or": [{field: pattern} for field in fields]}


def make_sure(collection: Collection[Document], document: Document) -> None:
    """Let `document` exist; one that is there already stays as it is.

    No upsert: when two of them meet, FerretDB answers one with an internal error instead of a duplicate key.
    """
    if collection.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
        try:
            collection.insert_one(document)
        except OperationFailure:
            if collection.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
                raise


class Lease:
    """A right that one holder has for a limited time: `with Lease("tree:customers"):`. Raises Conflict when taken."""

    def __init__(self, name: str, seconds: int = _MOVE_SECONDS, on_abandoned: Any = None) -> None:
        self._name, self._seconds, self._on_abandoned = name, seconds, on_abandoned
        self._token = uuid4().hex

    def __enter__(self) -> "Lease":
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self.acquire():
            if time.monotonic() >= deadline:
                raise Conflict("Somebody else is changing this right now. Try again in a few seconds.")
            time.sleep(_RETRY_SECONDS)
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()

    def acquire(self) -> bool:
        """Take the lease if it is free or its holder let it run out; runs `on_abandoned` in the second case."""
        leases, moment = database()[LEASES], now()
        make_sure(leases, {"_id": self._name, "until": moment, "holder": None})
        mine = {"holder": self._token, "until": moment + timedelta(seconds=self._seconds)}
        before = leases.find_one_and_update({"_id": self._name, "until": {"$lte": moment}}, {"$set": mine})
        if before is None:
            return False
        if before.get("holder") and self._on_abandoned is not None:
            self._on_abandoned()
        return True

    def renew(self) -> bool:
        """Hold it longer; False when it ran out and somebody else took it."""
        until = now() + timedelta(seconds=self._seconds)
        done = database()[LEASES].update_one({"_id": self._name, "holder": self._token}, {"$set": {"until": until}})
        return done.matched_count == 1

    def release(self) -> None:
        """Give it back; nothing happens when it was lost."""
        database()[LEASES].update_one({"_id": self._name, "holder": self._token}, {"$set": {"until": now(), "holder": None}})
