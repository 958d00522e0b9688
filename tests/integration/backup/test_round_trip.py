"""What is dumped comes back as it was, byte for byte, whatever it is."""

from collections.abc import Callable

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
