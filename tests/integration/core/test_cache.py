"""The read cache: no stale answer once a write was acknowledged, whatever happens in between."""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pymongo
import pytest
import redis

from app.core import cache
from app.core import redis as redis_module
from app.core.cache import cached, changing
from app.core.mongo import Db
from app.core.settings import Settings
from tests.appliance import wait_until
from tests.integration.processes import Wire, redis_address

FORK = multiprocessing.get_context("fork")
SECONDS = 4.0


def number(load: Callable[[], int], scope: str = "things", key: str = "k") -> int:
    return int(cached([scope], key, lambda: str(load()).encode()))


def test_the_second_reader_does_not_load(redis_client: Any) -> None:
    loads: list[int] = []

    def load() -> bytes:
        loads.append(1)
        return b"answer"

    assert [cached(["a", "b"], {"q": 1}, load) for _ in range(3)] == [b"answer"] * 3
    assert len(loads) == 1
    assert cached(["a", "b"], {"q": 2}, load) == b"answer"
    assert len(loads) == 2, "another question was answered by the first one's entry"


@dataclass
class Crowd:
    """Counts who waits for a loading that another has begun."""

    waiting: list[threading.Thread] = field(default_factory=list)

    def joined_by(self, load: cache._Load) -> cache._Load:
        """`load`, which tells when somebody begins to wait for it."""
        wait = load.done.wait

        def counted(seconds: float) -> bool:
            self.waiting.append(threading.current_thread())
            return wait(seconds)

        load.done.wait = counted  # type: ignore[method-assign,assignment]
        return load


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    made, crowd = cache._Load, Crowd()
    monkeypatch.setattr(cache, "_Load", lambda asked: crowd.joined_by(made(asked)))
    return crowd


def test_of_many_who_ask_at_once_one_loads(redis_client: Any, crowd: Crowd) -> None:
    begun, go_on, loads, answers = threading.Event(), threading.Event(), [], []

    def load() -> bytes:
        loads.append(1)
        begun.set()
        assert go_on.wait(5)
        return b"answer"

    askers = [threading.Thread(target=lambda: answers.append(cached(["a"], "k", load))) for _ in range(10)]
    for asker in askers:
        asker.start()
    assert begun.wait(5)
    wait_until(lambda: len(crowd.waiting) == len(askers) - 1, 5, "not all of them wait")
    go_on.set()
    for asker in askers:
        asker.join(5)
    assert answers == [b"answer"] * 10
    assert len(loads) == 1


def test_whoever_waited_for_a_loading_that_failed_loads_itself(redis_client: Any, crowd: Crowd) -> None:
    begun, go_on, answers = threading.Event(), threading.Event(), []

    def fail() -> bytes:
        begun.set()
        assert go_on.wait(5)
        raise RuntimeError("the database went away")

    def first() -> None:
        with pytest.raises(RuntimeError):
            cached(["a"], "k", fail)

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert begun.wait(5)
    threads.append(threading.Thread(target=lambda: answers.append(cached(["a"], "k", lambda: b"own"))))
    threads[1].start()
    wait_until(lambda: len(crowd.waiting) == 1, 5, "the second does not wait")
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [b"own"]
    assert cached(["a"], "k", lambda: b"next") == b"next", "an answer that only one made for itself was kept"


def test_a_write_to_any_scope_makes_the_next_reader_load(redis_client: Any) -> None:
    value = 1
    assert cached(["a", "b"], "k", lambda: b"%d" % value) == b"1"
    for scope in ("a", "b"):
        with changing(scope):
            value += 1
        assert cached(["a", "b"], "k", lambda: b"%d" % value) == b"%d" % value  # noqa: B023 - called at once
    with changing("c"):
        value += 1
    assert cached(["a", "b"], "k", lambda: b"%d" % value) == b"%d" % (value - 1), "an unrelated write emptied the cache"


def test_a_failed_write_counts_as_a_write(redis_client: Any) -> None:
    assert cached(["a"], "k", lambda: b"1") == b"1"
    with pytest.raises(RuntimeError), changing("a"):
        raise RuntimeError("the answer of the database was lost on the way")
    assert cached(["a"], "k", lambda: b"2") == b"2"


def test_an_answer_loaded_before_a_write_is_not_kept_for_after_it(redis_client: Any) -> None:
    def load_while_somebody_writes() -> bytes:
        with changing("a"):
            pass
        return b"old"

    assert cached(["a"], "k", load_while_somebody_writes) == b"old"
    assert cached(["a"], "k", lambda: b"new") == b"new"


def test_entries_expire_counted_from_the_question_not_from_the_answer(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that cannot reach Redis relies on it: it waits as long, from its write on."""
    monkeypatch.setattr(cache, "ENTRY_SECONDS", 0.3)

    def slow() -> bytes:
        time.sleep(0.4)
        return b"old"

    assert cached(["a"], "k", slow) == b"old"
    assert redis_client.keys("cache:*") == []
    assert cached(["a"], "k", lambda: b"new") == b"new"


def test_versions_that_redis_forgot_do_not_bring_back_old_answers(redis_client: Any) -> None:
    """As after a restart that lost the last second: the version is the one from before the write."""
    assert cached(["a"], "k", lambda: b"old") == b"old"
    before = redis_client.get("version:a")
    redis_client.delete("version:a")
    assert cached(["a"], "k", lambda: b"new") == b"new"
    redis_client.set("version:a", before)
    run_id = redis_client.info("server")["run_id"]
    assert all(f":{run_id}:" in name for name in redis_client.keys("cache:*")), "an entry would be found after a restart"


def test_the_switch_turns_it_off(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "settings", lambda: Settings(cache="off"))
    assert [number(iter([value]).__next__) for value in (1, 2)] == [1, 2]
    assert redis_client.keys("*") == []


def test_without_redis_reads_are_answered_and_writes_wait_until_entries_are_gone(
    redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader with Redis keeps an old answer; a writer without Redis may not return while it can still be found."""
    monkeypatch.setattr(cache, "ENTRY_SECONDS", 1.0)
    assert cached(["a"], "k", lambda: b"old") == b"old"
    wire = Wire(*redis_address())
    cut_off = redis.Redis.from_url(os.environ["TRADEAI_TEST_REDIS_URL"], decode_responses=True, socket_timeout=1)
    cut_off.connection_pool.connection_kwargs.update(host="127.0.0.1", port=wire.port)
    wire.cut()
    with monkeypatch.context() as writer:
        writer.setattr(redis_module, "client", lambda decode=True: cut_off)
        with changing("a"):
            pass
        assert cached(["a"], "k", lambda: b"direct") == b"direct"
    assert cached(["a"], "k", lambda: b"new") == b"new"
    wire.close()


@pytest.mark.parametrize("told", [True, False], ids=["cache", "a-cache-that-is-not-told"])
def test_readers_and_writers_in_parallel_never_see_the_past(mongo: Db, redis_client: Any, told: bool) -> None:
    """Three writing and three reading processes of three threads, real MongoDB and Redis, delays at every step.

    The second case leaves the invalidation out and has to find staleness: it shows that the first case could fail.
    """
    mongo.things.insert_one({"_id": "counter", "n": 0})
    acknowledged = FORK.Value("q", 0)
    stale, reads, hits = FORK.Value("q", 0), FORK.Value("q", 0), FORK.Value("q", 0)
    until = time.monotonic() + SECONDS
    processes = [FORK.Process(target=_write, args=(mongo.name, until, acknowledged, told, seed)) for seed in range(3)]
    processes += [
        FORK.Process(target=_read, args=(mongo.name, until, acknowledged, stale, reads, hits, seed)) for seed in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert acknowledged.value > 50
    assert reads.value > 500
    assert hits.value > reads.value / 20, "hardly anything came from the cache: this proves nothing"
    if told:
        assert stale.value == 0
    else:
        assert stale.value > 0


def _own_connections(name: str) -> Db:
    """Connections are not shared over a fork."""
    redis_module.client.cache_clear()
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(os.environ["TRADEAI_TEST_MONGO_URL"], retryWrites=False)
    return client[name]


def _write(name: str, until: float, acknowledged: Any, told: bool, seed: int) -> None:
    db, chance = _own_connections(name), random.Random(seed)
    while time.monotonic() < until:
        with changing("things") if told else nullcontext():
            after = db.things.find_one_and_update(
                {"_id": "counter"}, {"$inc": {"n": 1}}, return_document=pymongo.ReturnDocument.AFTER
            )
            time.sleep(chance.choice([0, 0, 0.003]))
        with acknowledged.get_lock():
            acknowledged.value = max(acknowledged.value, after["n"])
        time.sleep(chance.uniform(0, 0.05))


def _read(name: str, until: float, acknowledged: Any, stale: Any, reads: Any, hits: Any, seed: int) -> None:
    db, totals = _own_connections(name), (stale, reads, hits)
    threads = [threading.Thread(target=_ask, args=(db, until, acknowledged, totals, seed + 100 * n)) for n in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(db: Db, until: float, acknowledged: Any, totals: tuple[Any, ...], seed: int) -> None:
    chance = random.Random(seed)
    loads = count = old = 0

    def load() -> int:
        nonlocal loads
        loads += 1
        time.sleep(chance.choice([0, 0.002]))
        found = db.things.find_one({"_id": "counter"})["n"]
        time.sleep(chance.choice([0, 0.01]))
        return int(found)

    while time.monotonic() < until:
        floor = acknowledged.value
        old += number(load) < floor
        count += 1
    for total, own in zip(totals, (old, count, count - loads), strict=True):
        with total.get_lock():
            total.value += own
