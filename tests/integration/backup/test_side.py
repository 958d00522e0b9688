"""A part of a backup beside the live data: one collection, one customer; with no more rights than the user `backup` has."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.backup.errors import BackupFailed, RestoreFailed
from app.backup.server import Server
from app.backup.shelf import Backup
from app.backup.side import Compared, restore_side
from app.core.errors import Invalid
from app.core.mongo import Db
from tests.integration.backup.conftest import Command

# What MongoDB's roles `backup` and `restore` allow on a database that is not the appliance's: no update, delete, or dropDatabase.
ALLOWED = {
    "insert",
    "create",
    "createIndexes",
    "drop",
    "find",
    "getMore",
    "aggregate",
    "listCollections",
    "listIndexes",
    "endSessions",
}
Dumped = Callable[[], Backup]


class Heard(CommandListener):
    """The commands sent, each with its database."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, str]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.append((event.database_name, event.command_name))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, mongo_client: Any) -> Heard:
    """What the code under test sends from now on."""
    ear = Heard()
    monkeypatch.setattr("app.backup.server.slow_calls.listeners", lambda _milliseconds: [ear])
    return ear


@pytest.fixture
def side(mongo_client: Any, db: Db) -> Iterator[str]:
    """The name of a database that is gone afterwards."""
    name = f"side_{db.name}"
    yield name
    mongo_client.drop_database(name)


@pytest.fixture
def chains(db: Db) -> Db:
    """Two chains with a store each, ten facts a store, a promotion that names only the store, and a plan about it."""
    for chain in "ab":
        db["customers"].insert_many([{"_id": chain, "path": [chain]}, {"_id": f"{chain}1", "path": [chain, f"{chain}1"]}])
        db["sales"].insert_many([{"_id": f"{chain}{number}", "customer_id": f"{chain}1", "units": 1} for number in range(10)])
        db["promotions"].insert_one({"_id": f"deal {chain}", "customer_id": "somebody", "customer_ids": [f"{chain}1"]})
        db["plans"].insert_one({"_id": f"plan {chain}", "question": {"customer_ids": [f"{chain}1"]}})
    return db


def test_one_customer_comes_back_with_its_stores_and_a_comparison(
    command: Command, mongo_client: Any, chains: Db, side: str
) -> None:
    assert command("backup").returncode == 0
    chains["sales"].delete_many({"_id": {"$in": ["a1", "a2"]}})
    chains["sales"].update_one({"_id": "a3"}, {"$set": {"units": 7}})
    chains["sales"].insert_one({"_id": "a10", "customer_id": "a1", "units": 1})
    done = command("side", "latest", side, "customer=a", "--json")
    assert done.returncode == 0, done.stderr
    there = {
        name: sorted(found["_id"] for found in mongo_client[side][name].find())
        for name in mongo_client[side].list_collection_names()
    }
    assert there == {
        "customers": ["a", "a1"], "sales": [f"a{number}" for number in range(10)], "promotions": ["deal a"], "plans": ["plan a"],
    }  # fmt: skip
    compared = json.loads(done.stdout)["facts"]["collections"]
    assert compared["sales"] == {"missing": 2, "added": 1, "changed": 1, "equal": 7}
    assert compared["customers"] == {"missing": 0, "added": 0, "changed": 0, "equal": 2}
    again = command("side", "latest", side, "customer=a")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert chains["sales"].count_documents({}) == 19


def test_one_collection_comes_back_with_its_indexes(command: Command, mongo_client: Any, db: Db, side: str) -> None:
    assert command("backup").returncode == 0
    db["indexed"].delete_one({"a": 3})
    done = command("side", "latest", side, "collection=indexed")
    assert done.returncode == 0, done.stderr
    assert mongo_client[side].list_collection_names() == ["indexed"]
    assert len(mongo_client[side]["indexed"].index_information()) == len(db["indexed"].index_information())
    assert "indexed: 1 only in the backup, 0 only live, 0 different, 9 equal" in done.stdout
    assert db["indexed"].count_documents({}) == 9


@pytest.mark.parametrize("breaks", [False, True])
def test_nothing_is_asked_that_the_database_user_may_not_do_and_what_fails_leaves_nothing(
    dumped: Dumped,
    server: Server,
    chains: Db,
    side: str,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    mongo_client: Any,
    breaks: bool,
) -> None:
    backup = dumped()
    if breaks:
        monkeypatch.setattr("app.backup.side.compare", _refuse)
        with pytest.raises(RestoreFailed):
            restore_side(backup, server, chains.name, side, customer="a")
        assert mongo_client[side].list_collection_names() == []
    else:
        found = restore_side(backup, server, chains.name, side, customer="a")
        assert found["sales"] == Compared(missing=0, added=0, changed=0, equal=10)
    beside = {name for database, name in heard.commands if database == side}
    assert {"insert", "listCollections"} <= beside
    assert beside <= ALLOWED


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"customer": "nobody"}, "There is no customer nobody in the backup"),
        ({"collection": "nothing"}, "There is no collection nothing in the backup"),
    ],
)
def test_what_is_not_in_the_backup_is_refused(
    dumped: Dumped, server: Server, chains: Db, side: str, wanted: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        restore_side(
            dumped(), server, chains.name, side, collection=wanted.get("collection", ""), customer=wanted.get("customer", "")
        )


def test_without_room_nothing_is_begun(
    dumped: Dumped, server: Server, chains: Db, side: str, monkeypatch: pytest.MonkeyPatch, mongo_client: Any
) -> None:
    backup = dumped()
    monkeypatch.setattr("app.backup.space._SPARE", 1 << 60)
    with pytest.raises(BackupFailed, match="Not enough disk"):
        restore_side(backup, server, chains.name, side, customer="a")
    assert mongo_client[side].list_collection_names() == []


def _refuse(*_anything: Any) -> None:
    raise RestoreFailed("it broke")
