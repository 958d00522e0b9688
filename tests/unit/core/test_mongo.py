"""A write that the server undid for another's sake is made again; any other error is told at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.errors import DuplicateKeyError, OperationFailure, WriteError

from app.core import mongo


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo.time, "sleep", lambda seconds: None)


class Write:
    """Fails with each of `errors`, then answers "written"."""

    def __init__(self, *errors: OperationFailure) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "written"


@pytest.mark.parametrize("code", [112, 16908292])
def test_a_write_that_lost_a_conflict_is_made_again(code: int) -> None:
    write = Write(WriteError("deadlock detected", code), WriteError("deadlock detected", code))
    assert mongo.whole_write(write) == "written"
    assert write.calls == 3


def test_a_duplicate_found_on_the_second_try_is_told() -> None:
    write = Write(WriteError("deadlock detected", 16908292), DuplicateKeyError("taken", 11000))
    with pytest.raises(DuplicateKeyError):
        mongo.whole_write(write)
    assert write.calls == 2


def test_a_conflict_without_end_is_told() -> None:
    write = Write(*[WriteError("deadlock detected", 16908292) for _ in range(20)])
    with pytest.raises(WriteError, match="deadlock"):
        mongo.whole_write(write)
    assert write.calls == 8


def test_writers_come_back_later_each_time_until_a_deadlock_is_surely_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(mongo.time, "sleep", pauses.append)
    monkeypatch.setattr(mongo.random, "uniform", lambda _low, _high: 1.0)
    mongo.whole_write(Write(*[WriteError("deadlock detected", 16908292) for _ in range(7)]))
    assert pauses == [0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]


def test_those_that_come_back_write_one_at_a_time() -> None:
    inside, most = 0, 0
    first, free = threading.Barrier(4), threading.Event()

    def write_once_more() -> str:
        tries = 0

        def write() -> str:
            nonlocal inside, most, tries
            tries += 1
            if tries == 1:
                first.wait(10)  # all of them are undone at once
                raise WriteError("deadlock detected", 16908292)
            inside += 1
            most = max(most, inside)
            free.wait(0.01)  # lets the others in, if nothing keeps them out
            inside -= 1
            return "written"

        return mongo.whole_write(write)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _number: write_once_more(), range(4))) == ["written"] * 4
    assert most == 1
