"""Copies that follow changes: never older than what was acknowledged, and loaded anew whenever the way is not known."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import RedisError

from app.core import cache, follow
from app.core.cache import cached, changing
from app.core.follow import Wanted, followed
from app.core.settings import Settings


class Source:
    """One number under a version, as a database would have it; counts how often it was loaded."""

    def __init__(self, scope: str = "things") -> None:
        self.scope, self.loads = scope, 0
        self.stored = {"value": 0, "version": 1}

    def load(self) -> dict[str, int]:
        self.loads += 1
        return dict(self.stored)

    def patch(self, mine: dict[str, int], change: dict[str, Any]) -> bool:
        if change.get("too hard"):
            return False
        if mine["version"] < change["version"]:
            mine.update(change)
        return True

    def write(self, **more: Any) -> None:
        with changing(self.scope) as change:
            change.row = self.store() | more

    def store(self) -> dict[str, int]:
        self.stored = {"value": self.stored["value"] + 1, "version": self.stored["version"] + 1}
        return dict(self.stored)

    def read(self) -> dict[str, int]:
        (value,) = followed(Wanted(self.scope, "key", self.load, self.patch))
        return dict(value)


@pytest.fixture
def source(redis_client: Any) -> Iterator[Source]:
    follow.forget()
    yield Source()
    follow.forget()


def test_changes_are_worked_in_without_loading(source: Source) -> None:
    for number in range(5):
        assert source.read() == source.stored
        for _ in range(number):
            source.write()
        assert source.read() == source.stored
    assert source.loads == 1


def test_two_values_are_asked_for_at_once(source: Source) -> None:
    other = Source("others")
    wanted = [Wanted(one.scope, "key", one.load, one.patch) for one in (source, other)]
    for _ in range(3):
        assert followed(*wanted) == [source.stored, other.stored]
        other.write()
    assert (source.loads, other.loads) == (1, 1)


def test_a_write_that_tells_no_row_makes_it_load(source: Source) -> None:
    source.read()
    with changing("things"):
        source.store()
    source.write()
    assert source.read() == source.stored
    assert source.loads == 2


def test_a_failed_write_tells_no_row(source: Source) -> None:
    source.read()

    def fail(change: cache.Change) -> None:
        change.row = source.store() | {"value": -1}
        raise RuntimeError("the answer of the database was lost on the way")

    with pytest.raises(RuntimeError), changing("things") as change:
        fail(change)
    assert source.read() == source.stored
    assert source.loads == 2


def test_a_change_that_it_cannot_take_makes_it_load(source: Source) -> None:
    source.read()
    source.write(**{"too hard": True})
    assert source.read() == source.stored
    assert source.loads == 2


def test_changes_told_in_the_other_order_end_with_the_newest(source: Source) -> None:
    source.read()
    with changing("things") as earlier, changing("things") as later:  # the inner one is told first
        earlier.row, later.row = source.store(), source.store()
    assert source.read() == source.stored
    assert source.loads == 1


def test_too_long_a_way_makes_it_load(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.read()
    for _ in range(follow._MOST_CHANGES + 1):
        source.write()
    assert source.read() == source.stored
    assert source.loads == 2


def test_versions_that_redis_forgot_make_it_load(source: Source, redis_client: Any) -> None:
    source.read()
    source.store()
    redis_client.flushdb()
    assert source.read() == source.stored


def test_a_redis_of_another_run_makes_it_load(source: Source) -> None:
    source.read()
    for copy in follow._copies.values():
        copy.run = b"another"
    source.read()
    assert source.loads == 2


def test_without_redis_it_loads(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise RedisError("away")

    source.read()
    monkeypatch.setattr(follow, "_ways", away)
    source.store()
    assert source.read() == source.stored


def test_the_switch_turns_it_off(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "settings", lambda: Settings(cache="off"))
    for _ in range(3):
        source.read()
    assert source.loads == 3


def test_a_copy_and_what_is_made_of_it_live_no_longer_than_an_entry(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that cannot reach Redis waits so long, and nobody is told of its write."""
    monkeypatch.setattr(cache, "ENTRY_SECONDS", 0.6)
    source.read()
    source.store()  # untold
    time.sleep(0.4)
    made = [cached(["things"], "made of it", lambda: b"%d" % source.read()["value"]) for _ in range(2)]
    assert made == [b"0", b"0"]
    time.sleep(0.3)
    assert cached(["things"], "made of it", lambda: b"%d" % source.read()["value"]) == b"1"


def test_what_is_made_of_a_kept_answer_lives_no_longer_than_that(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "ENTRY_SECONDS", 0.6)
    answers = iter((b"old", b"new"))

    def outer() -> bytes:
        return cached(["a"], "outer", lambda: cached(["a"], "inner", lambda: next(answers)))

    assert cached(["a"], "inner", lambda: next(answers)) == b"old"
    time.sleep(0.4)
    assert outer() == b"old"
    time.sleep(0.3)
    assert outer() == b"new"


def test_many_forms_do_not_pile_up(source: Source) -> None:
    for number in range(3 * follow._MOST_COPIES):
        followed(Wanted("things", number, source.load, source.patch))
    assert len(follow._copies) <= follow._MOST_COPIES


def test_readers_and_writers_in_parallel_never_see_the_past(source: Source) -> None:
    acknowledged, stop, past = [1], threading.Event(), []

    def write() -> None:
        lock = threading.Lock()
        while not stop.is_set():
            with lock:
                row = source.store()
            with changing("things") as change:
                change.row = row
            acknowledged.append(max(acknowledged[-1], row["version"]))

    def read() -> None:
        while not stop.is_set():
            least = max(acknowledged)
            found = int(cached(["things"], "k", lambda: b"%d" % source.read()["version"]))
            if found < least:
                past.append((found, least))

    threads = [threading.Thread(target=work) for work in (write, read, read, read)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert past == []
    assert len(acknowledged) > 20
    assert source.loads < len(acknowledged) / 4
