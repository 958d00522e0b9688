"""Part of a backup into a database beside the live one, with a comparison: to look up or take back single documents."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.errors import PyMongoError

from app.backup.errors import RestoreFailed
from app.backup.progress import Progress, Silent
from app.backup.restore import load
from app.backup.server import Server
from app.backup.shelf import Backup
from app.backup.verify import verify
from app.core.errors import Invalid
from app.core.i18n import _

CUSTOMER_FIELD = "customer_id"
_BATCH = 1000
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
    """Fill the new database `side` with one collection, or with all documents of one customer, and compare it with `live`.

    Raises Invalid for a name that is taken or does not exist, BackupUnusable, RestoreFailed; then `side` is gone again.
    """
    progress = progress or Silent()
    manifest = verify(backup, progress)
    if collection and collection not in manifest.collections:
        raise Invalid(_("There is no collection {name} in the backup {backup}.", name=collection, backup=backup.id))
    if not _NAME.fullmatch(side) or side in {live, "admin", "config", "local"}:
        raise Invalid(_("{name} is no name for a side database: small letters, digits and _ only.", name=repr(side[:60])))
    try:
        with server.client() as client:
            if client[side].list_collection_names():
                raise Invalid(_("The database {name} exists already. Drop it or choose another name.", name=side))
            try:
                progress.step("restore", manifest.documents)
                load(server, backup.archive, manifest.database, f"{side}.", [collection] if collection else None)
                if customer:
                    _keep_customer(client[side], customer)
                progress.step("compare")
                return compare(client[live], client[side], customer)
            except (RestoreFailed, PyMongoError):
                client.drop_database(side)
                raise
    except PyMongoError as error:
        raise RestoreFailed(_("The database failed: {reason}", reason=str(error).split(",")[0])) from error


def compare(live: Database[Any], side: Database[Any], customer: str = "") -> dict[str, Compared]:
    """Every collection of `side` against the one of that name in `live`, a batch of documents at a time."""
    return {name: _compare(live, side, name, customer) for name in sorted(side.list_collection_names())}


def _keep_customer(side: Database[Any], customer: str) -> None:
    """Drop all that is not the customer's; where no document names a customer, only the customer's own record stays."""
    for name in side.list_collection_names():
        if name == "customers":
            side[name].delete_many({"_id": {"$ne": customer}})
        elif side[name].find_one({CUSTOMER_FIELD: customer}) is None:
            side.drop_collection(name)
        else:
            side[name].delete_many({CUSTOMER_FIELD: {"$ne": customer}})


def _compare(live: Database[Any], side: Database[Any], name: str, customer: str) -> Compared:
    wanted: Mapping[str, Any] = {} if not customer else {"_id": customer} if name == "customers" else {CUSTOMER_FIELD: customer}
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
    there = live[name].count_documents(wanted)
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
