"""The supervisor's own wire to Redis and the figures from it, on a real server: full, evicting, restarting, fed by the app."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from app.core import security_events
from app.core.clock import SYSTEM
from app.core.jobs import QUEUE
from app.core.security_events import Kind, report
from app.core.settings import Settings
from app.supervisor.measures import queue, security
from app.supervisor.measures.line_file import LineFile
from app.supervisor.measures.queue import QueueFigures
from app.supervisor.measures.redis import RedisFigures
from app.supervisor.measures.security import SecurityEvents
from app.supervisor.redis_wire import RedisSays, RedisWire
from app.supervisor.store import StateFile
from tests.integration.supervisor.conftest import OwnRedis


def _fill(own_redis: OwnRedis) -> None:
    """Write until it takes no more, not even a little."""
    for size in (100_000, 1000, 10):
        with suppress(redis.ResponseError):
            for number in range(1000):
                own_redis.client.set(f"filler:{size}:{number}", "x" * size)


def _values(source: Any) -> dict[str, float]:
    return {measured.name: measured.value for measured in source.read()}


def test_a_wrong_password_is_said(own_redis: OwnRedis) -> None:
    with pytest.raises(RedisSays, match="WRONGPASS"):
        RedisWire("127.0.0.1", own_redis.port, lambda: "another").ask_one("PING")


def test_a_full_redis_is_seen_and_left_alone(own_redis: OwnRedis) -> None:
    figures = RedisFigures(own_redis.wire, SYSTEM)
    assert _values(figures)["redis_write_refused"] == 0
    _fill(own_redis)
    full = _values(figures)
    assert full["redis_write_refused"] == 1
    assert full["redis_memory_share"] > 0.9
    assert own_redis.client.ping()


def test_evictions_are_counted(own_redis: OwnRedis) -> None:
    figures = RedisFigures(own_redis.wire, SYSTEM)
    _values(figures)
    own_redis.client.config_set("maxmemory-policy", "allkeys-lru")
    for number in range(100):
        own_redis.client.set(f"filler:{number}", "x" * 100_000)
    assert _values(figures)["redis_evicted"] > 0


def test_the_queue_is_the_workers(own_redis: OwnRedis) -> None:
    assert queue.QUEUE == QUEUE
    own_redis.client.rpush(f"rq:queue:{QUEUE}", "a", "b", "c")
    assert _values(QueueFigures(own_redis.wire, SYSTEM))["queue_depth"] == 3


@pytest.fixture
def events(own_redis: OwnRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecurityEvents:
    """The supervisor's reader, and an app that reports to this Redis and this folder."""
    monkeypatch.setattr(security_events, "client", lambda: own_redis.client)
    monkeypatch.setattr(security_events, "settings", lambda: Settings(log_dir=tmp_path))
    assert (security.STREAM, security.FIELD, security.FILE) == (
        security_events.STREAM,
        security_events.FIELD,
        security_events.FILE,
    )
    file = LineFile(tmp_path / security.FILE)
    return SecurityEvents(own_redis.wire, file, StateFile(tmp_path / "state", "boot"), SYSTEM)


def test_what_the_app_reports_is_counted(events: SecurityEvents) -> None:
    for _each in range(7):
        report(Kind.SIGN_IN_FAILED, "unknown:abc", address="198.51.100.1")
    report(Kind.AUDIT_VERIFIED, "audit", ok=False, whole=True, reason="entry 7 was changed after it was written")
    values = _values(events)
    assert values["failed_sign_ins_10m"] == 7
    assert values["audit_chain_broken"] == 1


def test_events_while_redis_is_down_reach_it_through_the_file_and_count_once(events: SecurityEvents, own_redis: OwnRedis) -> None:
    report(Kind.SIGN_IN_FAILED, "user:1")
    assert _values(events)["failed_sign_ins_10m"] == 1
    own_redis.process.terminate()
    own_redis.process.wait(10)
    for _each in range(5):
        report(Kind.SIGN_IN_FAILED, "user:1")
    assert _values(events)["failed_sign_ins_10m"] == 6
    assert _values(events)["failed_sign_ins_10m"] == 6


def test_a_full_redis_keeps_no_security_event_from_arriving(events: SecurityEvents, own_redis: OwnRedis) -> None:
    _fill(own_redis)
    report(Kind.REFRESH_REUSED, "user:1")
    assert _values(events)["privilege_attempts_10m"] == 1
