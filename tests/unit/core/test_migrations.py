"""Migrations run once, in order, and never touch a database that is newer."""

from typing import Any

import pytest

from app.core import migrations
from app.core.migrations import DatabaseIsNewer, Migration, applied, known, migrate


class Collection:
    """The three calls that migrations make of a collection."""

    def __init__(self) -> None:
        self.documents: dict[int, Any] = {}

    def find_one(self, sort: Any) -> dict[str, Any] | None:
        assert sort == [("_id", -1)]
        return {"_id": max(self.documents)} if self.documents else None

    def update_one(self, where: dict[str, Any], update: dict[str, Any], upsert: bool) -> None:
        assert upsert
        self.documents.setdefault(where["_id"], update["$setOnInsert"])


class Database(dict[str, Collection]):
    def __missing__(self, name: str) -> Collection:
        return self.setdefault(name, Collection())


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three migrations; the numbers of those that ran."""
    order: list[int] = []
    steps = [Migration(number, f"step {number}", lambda _db, number=number: order.append(number)) for number in (1, 2, 3)]
    monkeypatch.setattr(migrations, "known", lambda: steps)
    return order


def test_an_empty_database_gets_all_in_order_and_then_none(ran: list[int]) -> None:
    db: Any = Database()
    assert [step.number for step in migrate(db)] == [1, 2, 3]
    assert migrate(db) == []
    assert ran == [1, 2, 3]
    assert applied(db) == 3


def test_only_what_is_missing_runs(ran: list[int]) -> None:
    db: Any = Database()
    db["migrations"].documents[2] = {}
    migrate(db)
    assert ran == [3]


def test_one_that_fails_is_run_again_next_time(ran: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    db: Any = Database()
    steps = migrations.known()

    def fail(_db: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(migrations, "known", lambda: [steps[0], Migration(2, "step 2", fail), steps[2]])
    with pytest.raises(RuntimeError):
        migrate(db)
    assert applied(db) == 1
    monkeypatch.setattr(migrations, "known", lambda: steps)
    migrate(db)
    assert ran == [1, 2, 3]


def test_a_newer_database_is_refused_untouched(ran: list[int]) -> None:
    db: Any = Database()
    db["migrations"].documents[9] = {}
    with pytest.raises(DatabaseIsNewer, match="at migration 9, this version only knows 3"):
        migrate(db)
    assert ran == []


def test_ours_are_numbered_without_gaps_and_titled() -> None:
    steps = known()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.title for step in steps)
