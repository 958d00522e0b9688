"""The versioned update and the declared indexes on a real database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.errors import DuplicateKeyError

from app.core.errors import NotFound, Stale
from app.core.migrations import applied, known, migrate
from app.core.mongo import Db, Index, ensure_indexes, stamped, update_versioned


def test_of_many_who_change_the_same_version_one_wins(mongo: Db) -> None:
    mongo.things.insert_one(stamped({"_id": "t", "n": 0}, "usr_0"))

    def change(number: int) -> bool:
        try:
            update_versioned(mongo.things, "t", 1, {"n": number}, f"usr_{number}", "The thing")
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        won = [number for number, result in enumerate(people.map(change, range(1, 17)), 1) if result]
    assert len(won) == 1
    found = mongo.things.find_one({"_id": "t"})
    assert found is not None
    assert (found["n"], found["version"], found["updated_by"], found["created_by"]) == (won[0], 2, f"usr_{won[0]}", "usr_0")


def test_before_and_after_are_what_was_and_is_stored(mongo: Db) -> None:
    mongo.things.insert_one(stamped({"_id": "t", "n": 0}, "usr_0"))
    before, after = update_versioned(mongo.things, "t", 1, {"n": 5}, "usr_1")
    assert (before["n"], before["version"]) == (0, 1)
    assert after == mongo.things.find_one({"_id": "t"})


def test_a_condition_that_does_not_hold_and_a_thing_that_is_gone_are_told_apart(mongo: Db) -> None:
    mongo.things.insert_one(stamped({"_id": "t", "n": 0}, "usr_0"))
    with pytest.raises(Stale):
        update_versioned(mongo.things, "t", 1, {"n": 1}, "usr_1", condition={"n": 7})
    with pytest.raises(NotFound):
        update_versioned(mongo.things, "gone", 1, {"n": 1}, "usr_1")


def test_indexes_are_made_once_and_replaced_when_they_differ(mongo: Db) -> None:
    ensure_indexes(mongo, [Index("things", (("code", 1),))])
    ensure_indexes(mongo, [Index("things", (("code", 1),))])
    mongo.things.insert_one({"code": "a"})
    ensure_indexes(mongo, [Index("things", (("code", 1),), unique=True)])
    with pytest.raises(DuplicateKeyError):
        mongo.things.insert_one({"code": "a"})
    assert len(mongo.things.index_information()) == 2


def test_our_migrations_run_on_a_real_database_and_run_again_changes_nothing(mongo: Db) -> None:
    assert [step.number for step in migrate(mongo)] == [step.number for step in known()]
    assert migrate(mongo) == []
    assert applied(mongo) == known()[-1].number
    assert {"audit", "sales"} <= set(mongo.list_collection_names())
