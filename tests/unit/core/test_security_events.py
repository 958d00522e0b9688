"""A security event takes the stream, and the file when Redis is down; it names nobody's address and never fails."""

import json
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.core import security_events
from app.core.security_events import FIELD, FILE, STREAM, Kind, report
from app.core.settings import Settings


class Redis:
    """Takes entries, or is down."""

    def __init__(self, down: bool = False) -> None:
        self.down, self.entries = down, list[tuple[str, dict[str, str], dict[str, Any]]]()

    def xadd(self, stream: str, fields: dict[str, str], **options: Any) -> str:
        if self.down:
            raise RedisConnectionError("refused")
        self.entries.append((stream, fields, options))
        return "1-0"


def _use(monkeypatch: pytest.MonkeyPatch, redis: Redis, folder: Path | None) -> None:
    monkeypatch.setattr(security_events, "client", lambda: redis)
    monkeypatch.setattr(security_events, "settings", lambda: Settings(log_dir=folder))


def test_the_stream_is_bounded_and_gets_the_event(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    redis = Redis()
    _use(monkeypatch, redis, tmp_path)
    report(Kind.SIGN_IN_FAILED, "unknown:abc", address="198.51.100.1")
    ((stream, fields, options),) = redis.entries
    event = json.loads(fields[FIELD])
    assert stream == STREAM
    assert options["maxlen"]
    assert (event["kind"], event["subject"], event["address"]) == ("sign_in.failed", "unknown:abc", "198.51.100.1")
    assert event["id"]
    assert not (tmp_path / FILE).exists()


def test_without_redis_each_event_is_a_line_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _use(monkeypatch, Redis(down=True), tmp_path)
    report(Kind.SIGN_IN_FAILED, "user:1")
    report(Kind.ACCESS_REFUSED, "user:1", permission="audit.read")
    events = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [event["kind"] for event in events] == ["sign_in.failed", "access.refused"]
    assert len({event["id"] for event in events}) == 2


@pytest.mark.parametrize("folder", [None, Path("/nonexistent/folder")])
def test_with_nowhere_to_go_nothing_breaks(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    _use(monkeypatch, Redis(down=True), folder)
    report(Kind.SIGN_IN_FAILED, "user:1")
