"""The database handle of a process really tells of slow calls, with the request that made them."""

import os
from typing import Any

import pymongo
import pytest
import structlog

from app.core import slow_calls
from app.core.mongo import Db


class Recorder:
    def __init__(self) -> None:
        self.lines = list[dict[str, Any]]()

    def info(self, event: str, **words: Any) -> None:
        self.lines.append({"event": event, **words, **structlog.contextvars.get_contextvars()})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(slow_calls, "log", made)
    return made


def test_a_real_call_above_the_limit_is_told_with_its_collection_and_request(mongo: Db, log: Recorder) -> None:
    """Writing and reading 4,000 documents takes more than the smallest limit, one millisecond, on any machine."""
    address = os.environ["TRADEAI_TEST_MONGO_URL"]
    watched = slow_calls.listeners(1)
    with (
        pymongo.MongoClient[dict[str, Any]](address, event_listeners=watched, retryWrites=False) as client,
        structlog.contextvars.bound_contextvars(request_id="req-9"),
    ):
        things = client[mongo.name]["things"]
        things.insert_many([{"text": "x" * 200} for _number in range(4000)])
        assert len(list(things.find(batch_size=2000))) == 4000
    told = {(line["command"], line["collection"]) for line in log.lines}
    assert told >= {("insert", "things"), ("find", "things"), ("getMore", "things")}
    assert {line["request_id"] for line in log.lines} == {"req-9"}
    assert all(line["milliseconds"] >= 1 and not line["failed"] for line in log.lines)
