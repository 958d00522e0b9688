"""Evictions are counted over ten minutes, a refused write shows, and a queue grows only when it does so for certain."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.measures.queue import QueueFigures
from app.supervisor.measures.redis import RedisFigures
from app.supervisor.redis_wire import RedisSays
from tests.unit.supervisor.world import BEGIN


class Wire:
    """Answers from what it is told."""

    def __init__(self) -> None:
        self.info = {"evicted_keys": 0, "used_memory": 50, "maxmemory": 200}
        self.written: Any = "OK"
        self.depth: Any = 0

    def ask(self, *commands: tuple[object, ...]) -> list[Any]:
        text = "# Memory\r\n" + "".join(f"{name}:{value}\r\n" for name, value in self.info.items()) + "redis_version:7.0.15\r\n"
        return [text, self.written]

    def ask_one(self, *command: object) -> Any:
        return self.depth


class Bench:
    def __init__(self) -> None:
        self.wire, self.clock = Wire(), FixedClock(BEGIN)
        self.redis = RedisFigures(self.wire, self.clock)  # type: ignore[arg-type]
        self.queue = QueueFigures(self.wire, self.clock)  # type: ignore[arg-type]

    def values(self, read: Callable[[], Any], later: float = 15) -> dict[str, float]:
        self.clock.advance(later)
        return {measured.name: measured.value for measured in read()}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_well_redis_has_zeros_and_its_share_of_memory(bench: Bench) -> None:
    assert bench.values(bench.redis.read) == {"redis_evicted": 0, "redis_memory_share": 0.25, "redis_write_refused": 0}


def test_evictions_show_for_ten_minutes_and_those_before_us_do_not(bench: Bench) -> None:
    bench.wire.info["evicted_keys"] = 1000
    assert bench.values(bench.redis.read)["redis_evicted"] == 0
    bench.wire.info["evicted_keys"] = 1007
    assert bench.values(bench.redis.read)["redis_evicted"] == 7
    assert bench.values(bench.redis.read, 590)["redis_evicted"] == 7
    assert bench.values(bench.redis.read, 30)["redis_evicted"] == 0


def test_a_restart_of_redis_is_no_eviction(bench: Bench) -> None:
    bench.wire.info["evicted_keys"] = 1000
    bench.values(bench.redis.read)
    bench.wire.info["evicted_keys"] = 3
    assert bench.values(bench.redis.read)["redis_evicted"] == 0


def test_a_full_redis_refuses_the_write(bench: Bench) -> None:
    bench.wire.written = RedisSays("OOM command not allowed when used memory > 'maxmemory'.")
    assert bench.values(bench.redis.read)["redis_write_refused"] == 1


def test_without_a_limit_there_is_no_share(bench: Bench) -> None:
    bench.wire.info["maxmemory"] = 0
    assert bench.values(bench.redis.read)["redis_memory_share"] == 0


def _depths(bench: Bench, depths: list[int]) -> float:
    growth = 0.0
    for depth in depths:
        bench.wire.depth = depth
        growth = bench.values(bench.queue.read)["queue_growing"]
    return growth


def test_a_queue_that_fills_steadily_grows(bench: Bench) -> None:
    assert _depths(bench, list(range(0, 82, 2))) > 0


def test_a_burst_that_is_worked_off_does_not(bench: Bench) -> None:
    assert _depths(bench, [0] * 15 + [200] * 5 + [3] * 21) == 0


def test_a_long_queue_that_stands_does_not(bench: Bench) -> None:
    assert _depths(bench, [500] * 60) == 0


def test_nothing_is_said_before_ten_minutes_were_seen(bench: Bench) -> None:
    assert _depths(bench, list(range(0, 300, 10))) == 0


def test_a_key_that_is_no_list_is_said(bench: Bench) -> None:
    bench.wire.depth = "odd"
    with pytest.raises(RedisSays, match="no list"):
        bench.values(bench.queue.read)
