"""Runs inside the image of the backups: `python filling.py MEGABYTES` repeats the demonstration's sales at new customers.

What it writes adds up like the real thing: every fact is of a customer that is there, and of no import.
"""

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import bson

from app.backup.configuration import Configuration
from app.core.mongo import Db

BATCH = 5000


def fill(db: Db, wanted: int) -> int:
    """Bytes of BSON that were written, at least `wanted`."""
    written = 0
    for turn in itertools.count():
        first = (node["_id"] for node in db["customers"].find({}, {"_id": 1}) if not str(node["_id"]).startswith("fill"))
        own = {name: f"fill{turn}-{name}" for name in first}
        _customers(db, own, turn)
        for batch in _batches(db, own, turn):
            db["sales"].insert_many(batch, ordered=False)
            written += sum(len(bson.encode(one)) for one in batch)
            if written >= wanted:
                return written
        if not written:
            sys.exit("There are no sales to repeat: deploy with --demo")
    raise AssertionError("unreachable")


def _customers(db: Db, own: dict[str, str], turn: int) -> None:
    nodes = list(db["customers"].find({"_id": {"$in": list(own)}}))
    copies = [
        {
            **node,
            "_id": own[node["_id"]],
            "code": f"F{turn}-{node['code']}",
            "parent_id": own.get(node.get("parent_id")),
            "path": [own[name] for name in node.get("path", []) if name in own],
        }
        for node in nodes
    ]
    if copies:
        db["customers"].insert_many(copies, ordered=False)


def _batches(db: Db, own: dict[str, str], turn: int) -> Iterator[list[dict[str, Any]]]:
    """The sales at the copies, never all at once: the container is small."""
    batch: list[dict[str, Any]] = []
    for sale in db["sales"].find({"customer_id": {"$in": list(own)}}, batch_size=BATCH):
        batch.append({**sale, "_id": f"fill{turn}-{sale['_id']}", "customer_id": own[sale["customer_id"]], "import_id": None})
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


if __name__ == "__main__":
    config = Configuration()
    with config.source.server.client() as client:
        print(fill(client[config.mongo_database], int(sys.argv[1]) * 10**6))
