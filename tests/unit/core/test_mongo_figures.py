"""Commands are counted with their seconds, broken connections apart; nobody listens while nobody counts."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.core import mongo_figures


class Counter:
    def __init__(self) -> None:
        self.seconds, self.failures = list[float](), 0
        self.slow_ones = list[tuple[str, float]]()

    def command(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def slow(self, name: str, seconds: float) -> None:
        self.slow_ones.append((name, seconds))

    def connection_failed(self) -> None:
        self.failures += 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> tuple[Counter, Any, Any]:
    counter = Counter()
    monkeypatch.setattr(mongo_figures, "_counter", counter)
    commands, heartbeats = mongo_figures.listeners()
    return counter, commands, heartbeats


def _event(name: str, micros: int = 1500, errtype: str = "", number: int = 1) -> Any:
    return SimpleNamespace(command_name=name, duration_micros=micros, failure={"errtype": errtype}, request_id=number)


def _begun(name: str, command: dict[str, Any], number: int = 1) -> Any:
    return SimpleNamespace(command_name=name, command=command, request_id=number)


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


def test_a_slow_command_is_named_with_its_collection_and_without_its_values(counted: tuple[Counter, Any, Any]) -> None:
    counter, commands, _heartbeats = counted
    commands.started(_begun("find", {"find": "sales", "filter": {"email": "ann@example.com"}}, 1))
    commands.started(_begun("getMore", {"getMore": 12345, "collection": "audit"}, 2))
    commands.started(_begun("insert", {"insert": "jobs"}, 3))
    commands.started(_begun("update", {"update": "users"}, 4))
    commands.succeeded(_event("getMore", 80_000, number=2))
    commands.succeeded(_event("find", 60_000, number=1))
    commands.failed(_event("insert", 70_000, errtype="", number=3))
    commands.succeeded(_event("update", 49_000, number=4))
    assert counter.slow_ones == [("getMore audit", 0.08), ("find sales", 0.06), ("insert jobs", 0.07)]


def test_nothing_is_kept_of_commands_that_ended(counted: tuple[Counter, Any, Any]) -> None:
    _counter, commands, _heartbeats = counted
    for number, end in enumerate((commands.succeeded, commands.failed)):
        commands.started(_begun("find", {"find": "sales"}, number))
        end(_event("find", errtype="AutoReconnect", number=number))
    assert commands._collections == {}
