"""Part of a backup into a database beside the live one, with a comparison: to look up or take back single documents.

The container's database user may create, insert and drop collections there and nothing else (compose/mongodb/users.js): so a
customer's documents are picked from the archive before they are inserted, and what failed is dropped by collection.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError

from app.backup.customer import CUSTOMERS, belongs, family, where
from app.backup.documents import Found, documents
from app.backup.errors import RestoreFailed
from app.backup.manifest import Manifest
from app.backup.progress import Progress, Silent
from app.backup.restore import load
from app.backup.server import Server
from app.backup.shelf import Backup
from app.backup.space import UNPACKED, check_room, disk_from
from app.backup.verify import verify
from app.core.errors import Invalid, TradeError
from app.core.i18n import _

_BATCH, _BATCH_BYTES = 1000, 8 << 20
_LOOK_BYTES = 64 << 20  # after so much the disk is looked at again
_NAME = re.compile(r"[a-z][a-z0-9_]{0,37}")


@dataclass(frozen=True)
class Compared:
    """Documents of one collection by `_id`: only in the backup, only live now, in both but different, equal."""

    missing: int
    added: int
    changed: int
    equal: int


def restore_side(
    backup: Backup,
    server: Server,
    live: str,
    side: str,
    *,
    collection: str = "",
    customer: str = "",
    progress: Progress | None = None,
) -> dict[str, Compared]:
    """Fill the new database `side` with one collection, or with all documents of one customer and of the stores below it.

    What comes back compares it with `live`. A customer's collections come without their indexes.
    Raises Invalid for a name that is taken or does not exist, BackupUnusable, BackupFailed (no room), RestoreFailed; then `side`
    is gone again.
    """
    progress = progress or Silent()
    manifest = verify(backup, progress)
    _check_names(manifest, live, side, collection)
    ids = _family(backup, customer) if customer else frozenset()
    try:
        with server.client() as client:
            db = client[side]
            if db.list_collection_names():
                raise Invalid(_("The database {name} exists already. Drop it or choose another name.", name=side))
            room = _Room(backup, client[live])
            room.check(0 if customer else manifest.size * UNPACKED)
            try:
                if customer:
                    progress.step("restore", manifest.documents)
                    _fill(db, _picked(backup, manifest, ids, progress), room)
                else:
                    load(server, backup.archive, manifest.database, f"{side}.", [collection] if collection else None, progress)
                progress.step("compare")
                return compare(client[live], db, ids)
            except (TradeError, PyMongoError):
                for name in db.list_collection_names():
                    db.drop_collection(name)
                raise
    except PyMongoError as error:
        raise RestoreFailed(_("The database failed: {reason}", reason=str(error).split(",")[0])) from error


def compare(live: Database[Any], side: Database[Any], ids: frozenset[str] = frozenset()) -> dict[str, Compared]:
    """Every collection of `side` against the one of that name in `live`, a batch of documents at a time.

    `ids`: only what is of these customers counts as added since.
    """
    return {name: _compare(live, side, name, ids) for name in sorted(side.list_collection_names())}


def in_words(name: str, found: Compared) -> str:
    """The comparison of the collection `name` in one line."""
    return _(
        "{name}: {missing} only in the backup, {added} only live, {changed} different, {equal} equal",
        name=name,
        missing=found.missing,
        added=found.added,
        changed=found.changed,
        equal=found.equal,
    )


def _check_names(manifest: Manifest, live: str, side: str, collection: str) -> None:
    if collection and collection not in manifest.collections:
        raise Invalid(_("There is no collection {name} in the backup {backup}.", name=collection, backup=manifest.id))
    if not _NAME.fullmatch(side) or side in {live, "admin", "config", "local"}:
        raise Invalid(_("{name} is no name for a side database: small letters, digits and _ only.", name=repr(side[:60])))


def _family(backup: Backup, customer: str) -> frozenset[str]:
    ids = family(customer, (bson.decode(raw) for _name, raw in documents(backup, {CUSTOMERS})))
    if not ids:
        raise Invalid(_("There is no customer {name} in the backup {backup}.", name=customer[:60], backup=backup.id))
    return ids


def _picked(backup: Backup, manifest: Manifest, ids: frozenset[str], progress: Progress) -> Iterator[Found]:
    """The family's documents of every collection; uploaded files are nobody's."""
    wanted = {name for name in manifest.collections if "." not in name}
    for name, raw in documents(backup, wanted, progress):
        if belongs(name, RawBSONDocument(raw), ids):
            yield name, raw


class _Room:
    """Whether the database's disk still has room; asked again while documents flow in."""

    def __init__(self, backup: Backup, db: Database[Any]) -> None:
        self._folder, self._db = backup.folder, db

    def check(self, loaded: int) -> None:
        """Raises BackupFailed."""
        try:
            disk = disk_from(self._db)
        except PyMongoError:
            disk = None
        check_room(self._folder, disk, saved=0, loaded=loaded)


def _fill(side: Database[Any], found: Iterator[Found], room: _Room) -> None:
    waiting: dict[str, _Batch] = {}
    since = 0
    for name, raw in found:
        batch = waiting.setdefault(name, _Batch(side[name]))
        batch.add(raw)
        since += len(raw)
        if since > _LOOK_BYTES:
            room.check(_LOOK_BYTES)
            since = 0
    for batch in waiting.values():
        batch.insert()


class _Batch:
    """Documents of one collection, inserted when there are enough of them."""

    def __init__(self, collection: Collection[Any]) -> None:
        self._collection, self._raw, self._size = collection, list[RawBSONDocument](), 0

    def add(self, raw: bytes) -> None:
        if len(self._raw) >= _BATCH or self._size + len(raw) > _BATCH_BYTES:
            self.insert()
        self._raw.append(RawBSONDocument(raw))
        self._size += len(raw)

    def insert(self) -> None:
        if self._raw:
            self._collection.insert_many(self._raw, ordered=False)
        self._raw, self._size = [], 0


def _compare(live: Database[Any], side: Database[Any], name: str, ids: frozenset[str]) -> Compared:
    equal = changed = missing = 0
    for batch in _batches(side, name):
        now = {document["_id"]: document.raw for document in _raw(live, name).find({"_id": {"$in": list(batch)}})}
        for key, raw in batch.items():
            if key not in now:
                missing += 1
            elif now[key] == raw:
                equal += 1
            else:
                changed += 1
    there = live[name].count_documents(where(name, ids) if ids else {})
    return Compared(missing=missing, added=max(there - equal - changed, 0), changed=changed, equal=equal)


def _batches(side: Database[Any], name: str) -> Iterator[dict[Any, bytes]]:
    batch: dict[Any, bytes] = {}
    for document in _raw(side, name).find():
        batch[document["_id"]] = document.raw
        if len(batch) >= _BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch


def _raw(db: Database[Any], name: str) -> Any:
    return db.get_collection(name, codec_options=CodecOptions(document_class=RawBSONDocument))
