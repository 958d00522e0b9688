"""ai's slow database calls are logged as the other services' are: with the request, without what it looked for."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from ai.data import slow_calls
from ai.data.connection import connect
from ai.logs import configure_logging
from ai.settings import Settings, read_settings


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the service prints; logging is as it was before afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    text = io.StringIO()
    monkeypatch.setattr("sys.stdout", text)
    configure_logging("INFO")
    yield text
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def _call(command: dict[str, Any], milliseconds: int) -> None:
    (listener,) = slow_calls.listeners(100)
    name = next(iter(command))
    listener.started(SimpleNamespace(command_name=name, command=command))
    listener.succeeded(SimpleNamespace(command_name=name, duration_micros=milliseconds * 1000))


def test_a_slow_call_is_logged_with_the_id_of_its_request(out: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-8"):
        _call({"find": "sales", "filter": {"customer_id": "cus_of_somebody"}}, 90)
        _call({"getMore": 5, "collection": "sales"}, 320)
    (line,) = [json.loads(text) for text in out.getvalue().splitlines()]
    assert (line["event"], line["request_id"], line["service"]) == ("slow_database_call", "req-8", "ai")
    assert (line["command"], line["collection"], line["milliseconds"]) == ("getMore", "sales", 320)


def test_the_connection_listens_with_the_limit_it_was_told() -> None:
    told = read_settings({"TRADEAI_MONGO_USER": "", "TRADEAI_MONGO_SLOW_MILLISECONDS": "70"})
    assert told.mongo_slow_milliseconds == 70
    settings = Settings(mongo_host="127.0.0.1", mongo_port=1, mongo_user="", mongo_slow_milliseconds=70)
    with connect(settings).client as client:
        (listener,) = client.options.event_listeners
        assert listener._slow_micros == 70_000
