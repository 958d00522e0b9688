"""What is dumped comes back as it was, byte for byte, whatever it is."""

import gzip
import re
import threading
from collections.abc import Callable

import pytest

from app.backup.contents import differences
from app.backup.restore import RESTORING, Target, restore, settle
from app.backup.server import Server, read_contents
from app.backup.shelf import SAFETY, Backup, Shelf
from app.backup.verify import verify
from app.core.clock import SYSTEM
from app.core.mongo import Db

Dumped = Callable[[], Backup]


def test_the_manifest_describes_the_database_as_it_reads(dumped: Dumped, db: Db, server: Server) -> None:
    manifest = verify(dumped())
    with server.client() as client:
        assert differences(manifest.collections, read_contents(client[db.name])) == []
    assert {name: collection.count for name, collection in manifest.collections.items()} == {
        "types": 1, "Odd name. with-dots & ünï *": 3000, "indexed": 10, "capped": 1, "empty": 0, "migrations": 1,
        "uploads.chunks": 50,
    }  # fmt: skip
    assert len(manifest.collections["indexed"].indexes) == 5
    assert manifest.migration == 1


def test_a_restore_brings_back_everything_and_nothing_else(dumped: Dumped, shelf: Shelf, target: Target, db: Db) -> None:
    backup = dumped()
    manifest = verify(backup)
    db["types"].delete_many({})
    db["indexed"].update_one({"a": 3}, {"$set": {"words": "changed"}})
    db["indexed"].drop_index("part")
    db["new"].insert_one({"x": 1})
    db.drop_collection("empty")
    restore(shelf, backup, target, SYSTEM)
    settle(shelf, target.source)
    with target.source.server.client() as client:
        assert differences(manifest.collections, read_contents(client[db.name])) == []


def test_what_was_there_before_lies_on_the_safety_shelf(dumped: Dumped, shelf: Shelf, target: Target, db: Db) -> None:
    backup = dumped()
    db["new"].insert_one({"x": 1})
    record = restore(shelf, backup, target, SYSTEM)
    settle(shelf, target.source)
    (safety,) = shelf.backups(SAFETY)
    assert safety.id == record["safety"]
    assert verify(safety).collections["new"].count == 1


def test_a_document_of_16_megabytes_comes_back(dumped: Dumped, shelf: Shelf, target: Target, db: Db) -> None:
    large = b"x" * (16 * 1024 * 1024 - 100)
    db["large"].insert_one({"_id": 1, "b": large})
    backup = dumped()
    db["large"].delete_one({})
    restore(shelf, backup, target, SYSTEM)
    settle(shelf, target.source)
    (found,) = db["large"].find()
    assert found["b"] == large


def test_nothing_is_left_beside_the_restored_data(dumped: Dumped, shelf: Shelf, target: Target, db: Db) -> None:
    before = sorted(db.list_collection_names())
    restore(shelf, dumped(), target, SYSTEM)
    settle(shelf, target.source)
    assert sorted(db.list_collection_names()) == before
    assert not any(name.startswith(RESTORING) for name in before)


def test_what_is_written_during_a_backup_is_in_it_or_after_it(
    dumped: Dumped, shelf: Shelf, target: Target, db: Db, shelf_is_read: Callable[[Backup], set[int]]
) -> None:
    """What was acknowledged before it began is in it; what came meanwhile is in it whole or not at all; all stays live."""
    acknowledged: list[int] = []
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            db["written"].insert_one({"_id": number, "text": "x" * 500})
            acknowledged.append(number)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(acknowledged) < 50:
            over.wait(0.01)
        before = set(acknowledged)
        backups = [dumped() for _time in range(2)]
        while len(acknowledged) < len(before) + 50:
            over.wait(0.01)
    finally:
        over.set()
        writer.join()
    found = [shelf_is_read(backup) for backup in backups]
    assert before <= found[0] <= found[1] <= set(acknowledged)
    for backup in backups:
        verify(backup)
    assert db["written"].count_documents({}) == len(acknowledged)
    restore(shelf, backups[1], target, SYSTEM)
    settle(shelf, target.source)
    assert {document["_id"] for document in db["written"].find()} == found[1]


@pytest.fixture
def shelf_is_read() -> Callable[[Backup], set[int]]:
    """The ids of `written` as they stand in the archive itself."""

    def read(backup: Backup) -> set[int]:
        raw = gzip.decompress(backup.archive.read_bytes())
        return {int.from_bytes(found, "little") for found in re.findall(rb"\x10_id\x00(.{4})\x02text\x00", raw, re.DOTALL)}

    return read
