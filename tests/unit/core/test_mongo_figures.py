"""Commands are counted with their seconds, broken connections apart; nobody listens while nobody counts."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.core import mongo_figures


class Counter:
    def __init__(self) -> None:
        self.seconds, self.failures = list[float](), 0

    def command(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def connection_failed(self) -> None:
        self.failures += 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> tuple[Counter, Any, Any]:
    counter = Counter()
    monkeypatch.setattr(mongo_figures, "_counter", counter)
    commands, heartbeats = mongo_figures.listeners()
    return counter, commands, heartbeats


def _event(name: str, micros: int = 1500, errtype: str = "") -> Any:
    return SimpleNamespace(command_name=name, duration_micros=micros, failure={"errtype": errtype})


def test_nobody_listens_while_nobody_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo_figures, "_counter", None)
    assert mongo_figures.listeners() == []


def test_queries_and_writes_count_and_greetings_do_not(counted: tuple[Counter, Any, Any]) -> None:
    counter, commands, _heartbeats = counted
    for name in ("find", "insert", "hello", "ping"):
        commands.succeeded(_event(name))
    assert counter.seconds == [0.0015, 0.0015]


def test_a_refused_command_is_a_command_and_a_broken_connection_is_none(counted: tuple[Counter, Any, Any]) -> None:
    counter, commands, heartbeats = counted
    commands.failed(_event("insert", errtype=""))
    commands.failed(_event("find", errtype="AutoReconnect"))
    heartbeats.failed(SimpleNamespace())
    assert (len(counter.seconds), counter.failures) == (1, 2)
