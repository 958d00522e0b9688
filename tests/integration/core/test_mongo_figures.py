"""The driver really tells of commands and of a server that is not there."""

import os
from typing import Any

import pymongo
import pytest
from pymongo.errors import PyMongoError

from app.core import mongo_figures
from app.core.mongo import Db
from tests.integration.processes import free_port
from tests.unit.core.test_mongo_figures import Counter


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = Counter()
    monkeypatch.setattr(mongo_figures, "_counter", made)
    return made


def test_commands_are_counted_with_their_seconds(counter: Counter, mongo: Db) -> None:
    address = os.environ["TRADEAI_TEST_MONGO_URL"]
    with pymongo.MongoClient[dict[str, Any]](address, event_listeners=mongo_figures.listeners(), retryWrites=False) as client:
        things = client[mongo.name]["things"]
        things.insert_one({"_id": 1})
        assert things.find_one({"_id": 1}) == {"_id": 1}
        with pytest.raises(PyMongoError):
            things.insert_one({"_id": 1})
    assert len(counter.seconds) == 3
    assert all(0 < seconds < 30 for seconds in counter.seconds)
    assert counter.failures == 0


def test_a_server_that_is_not_there_is_a_failure(counter: Counter) -> None:
    listeners = mongo_figures.listeners()
    with (
        pymongo.MongoClient("127.0.0.1", free_port(), serverSelectionTimeoutMS=200, event_listeners=listeners) as client,
        pytest.raises(PyMongoError),
    ):
        client.admin.command("ping")
    assert counter.failures > 0


def test_a_slow_command_is_named_with_its_collection(counter: Counter, mongo: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo_figures, "SLOW_SECONDS", 0.0)
    address = os.environ["TRADEAI_TEST_MONGO_URL"]
    with pymongo.MongoClient[dict[str, Any]](address, event_listeners=mongo_figures.listeners(), retryWrites=False) as client:
        things = client[mongo.name]["things"]
        things.insert_many([{"_id": number} for number in range(300)])
        assert len(list(things.find({}))) == 300
        things.count_documents({})
    assert [name for name, _seconds in counter.slow_ones] == [
        "insert things",
        "find things",
        "getMore things",
        "aggregate things",
    ]
