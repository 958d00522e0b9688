"""A slow database call is one line with its request's id; what it looked for stays out of the log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from app.backup.configuration import Configuration
from app.core import mongo, slow_calls
from app.core import settings as core_settings
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.core.slow_calls import _SlowCalls as SlowCalls


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """The backend's log, configured as in production; logging is as it was before afterwards."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configure_logging(Settings(service="backend", log_dir=tmp_path))
    yield tmp_path / "app.log"
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before
    structlog.reset_defaults()


def _call(command: dict[str, Any], milliseconds: float, failed: bool = False, slow: int = 100) -> None:
    """What the driver tells of one call of a client that asked for `slow`."""
    name = next(iter(command))
    for listener in slow_calls.listeners(slow):
        listener.started(SimpleNamespace(command_name=name, command=command))
        end = SimpleNamespace(command_name=name, duration_micros=int(milliseconds * 1000), failure={"codeName": "Interrupted"})
        (listener.failed if failed else listener.succeeded)(end)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_slow_call_is_logged_with_the_id_of_its_request(log_file: Path) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-7"):
        _call({"find": "promotions", "filter": {"name": "Jane Doe"}}, 250.4)
    (line,) = _lines(log_file)
    assert (line["event"], line["request_id"], line["service"]) == ("slow database call", "req-7", "backend")
    assert (line["command"], line["collection"], line["milliseconds"], line["failed"]) == ("find", "promotions", 250, False)
    assert "Jane" not in log_file.read_text()


def test_only_what_takes_longer_than_the_limit_is_logged(log_file: Path) -> None:
    _call({"find": "sales"}, 100)
    _call({"find": "sales"}, 100.5)
    _call({"find": "sales"}, 101, slow=500)
    assert [line["milliseconds"] for line in _lines(log_file)] == [100]


def test_with_a_limit_of_nothing_nobody_listens() -> None:
    assert slow_calls.listeners(0) == []


@pytest.mark.parametrize("name", ["hello", "ping", "saslStart", "saslContinue"])
def test_what_the_driver_does_for_itself_is_no_call(log_file: Path, name: str) -> None:
    _call({name: 1}, 900)
    assert _lines(log_file) == []


@pytest.mark.parametrize(
    ("command", "collection"),
    [
        ({"getMore": 7213, "collection": "sales"}, "sales"),
        ({"aggregate": "sales", "pipeline": []}, "sales"),
        ({"aggregate": 1, "pipeline": []}, ""),
        ({"listCollections": 1}, ""),
        ({"insert": "jobs", "collection": "misleading"}, "jobs"),
    ],
)
def test_the_collection_is_the_one_that_the_command_names(log_file: Path, command: dict[str, Any], collection: str) -> None:
    _call({"find": "of the call before"}, 1)
    _call(command, 200)
    assert [line["collection"] for line in _lines(log_file)] == [collection]


def test_a_call_that_failed_slowly_says_so(log_file: Path) -> None:
    _call({"update": "promotions"}, 5000, failed=True)
    (line,) = _lines(log_file)
    assert (line["failed"], line["milliseconds"]) == (True, 5000)


def test_every_database_handle_of_the_app_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The backend's, the worker's and the commands' comes from `connect`; the backup signs in as somebody else."""
    monkeypatch.setattr(core_settings, "_SECRETS_DIR", tmp_path)
    for name in ("mongo_app_password", "mongo_backup_password"):
        (tmp_path / name).write_text("hush")
    told: dict[str, Any] = {"mongo_host": "127.0.0.1", "mongo_port": 1, "mongo_slow_milliseconds": 70}
    with mongo.connect(Settings(**told)).client as ours, Configuration(**told)._server("127.0.0.1").client() as backups:
        for client in (ours, backups):
            limits = [listener._slow_micros for listener in client.options.event_listeners if isinstance(listener, SlowCalls)]
            assert limits == [70_000]
