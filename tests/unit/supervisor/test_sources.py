"""Docker's messages become events, a gap is made up for, and no source ends because one thing broke."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.engine import EngineRefused, EngineSilent
from app.supervisor.events import (
    Died,
    DockerAnswers,
    DockerSilent,
    Event,
    Measured,
    OutOfMemory,
    Probed,
    Seen,
    Signalled,
    Started,
    Stopped,
    Used,
)
from app.supervisor.probes.answer import OK, Answer, silent
from app.supervisor.probes.names import names_resolve
from app.supervisor.sources import ANSWER_SECONDS, BUSY_ANSWER_SECONDS, Sources, signal_number
from app.supervisor.state import Container, Outcome, State
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.world import BEGIN, KEPT, World


def _message(nano: int, action: str, name: str = "tradeai-redis-1", **attributes: str) -> dict[str, Any]:
    return {"Action": action, "timeNano": nano, "Actor": {"ID": "c1", "Attributes": {"name": name, **attributes}}}


class Eyes:
    """An engine that tells one list of messages a connection, then breaks."""

    def __init__(self, *streams: list[dict[str, Any]]) -> None:
        self.streams, self.since = list(streams), list[float | None]()
        self.last_seen: threading.Event | None = None

    def inspect(self, service: str) -> Container | None:
        return Container("c1", "running")

    def stats(self, service: str) -> dict[str, Any]:
        if service == "ai":
            raise EngineRefused("it ended")
        return {"cpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000}}, "memory_stats": {"usage": 10, "limit": 20}}

    def service_of(self, container_name: str) -> str | None:
        return container_name.removeprefix("tradeai-").removesuffix("-1") if container_name.startswith("tradeai-") else None

    @contextmanager
    def events(self, since: float | None) -> Iterator[Iterator[dict[str, Any]]]:
        self.since.append(since)
        if not self.streams:
            assert self.last_seen is not None
            self.last_seen.set()
            raise EngineSilent("gone")
        yield iter(self.streams.pop(0))


def _hear(*streams: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Event], Eyes]:
    """Follow Docker through `streams`, reconnecting at once in between."""
    monkeypatch.setattr("app.supervisor.sources.RECONNECT_SECONDS", 0)
    heard: list[Event] = []
    eyes, stopping = Eyes(*streams), threading.Event()
    eyes.last_seen = stopping
    Sources(heard.append, State, FixedClock(BEGIN), eyes, stopping).follow_docker()
    return heard, eyes


def test_every_message_becomes_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = [
        _message(1, "kill", signal="15"),
        _message(2, "oom"),
        _message(3, "die", exitCode="137"),
        _message(4, "stop"),
        _message(5, "start"),
        _message(6, "exec_create: sh"),
        _message(7, "health_status: healthy"),
    ]
    heard, _eyes = _hear(stream, monkeypatch=monkeypatch)
    assert heard[: len(KEPT)] == [Seen(name, Container("c1", "running"), BEGIN) for name in KEPT]
    assert heard[len(KEPT) :] == [
        DockerAnswers(),
        Signalled("redis", "c1", BEGIN, 15),
        OutOfMemory("redis", "c1", BEGIN),
        Died("redis", "c1", BEGIN, 137),
        Stopped("redis", "c1", BEGIN),
        Started("redis", "c1", BEGIN),
        Seen("redis", Container("c1", "running"), BEGIN),
        DockerSilent("gone"),
    ]


def test_containers_of_others_and_one_off_containers_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = [_message(1, "die", name="other-redis-1", exitCode="1"), _message(2, "die", name="tradeai-shell-1", exitCode="1")]
    heard, _eyes = _hear(stream, monkeypatch=monkeypatch)
    assert not any(isinstance(event, Died) for event in heard)


def test_after_a_gap_the_missed_is_asked_for_and_the_known_not_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    die = _message(5_000_000_000, "die", exitCode="1")
    heard, eyes = _hear([die], [die, _message(6_000_000_000, "die", exitCode="2")], monkeypatch=monkeypatch)
    assert [event.exit_code for event in heard if isinstance(event, Died)] == [1, 2]
    assert eyes.since == [None, 5.0, 6.0]


def test_usage_is_read_for_what_runs_and_a_service_that_just_ended_is_passed_over() -> None:
    world, heard = World().healthy(), list[Event]()
    Sources(heard.append, lambda: world.state, FixedClock(BEGIN), Eyes(), threading.Event())._read_usage()
    assert {event.service for event in heard if isinstance(event, Used)} == set(KEPT) - {"ai"}


def test_a_probe_that_breaks_is_a_bad_answer() -> None:
    def broken(_seconds: float) -> Any:
        raise RuntimeError("no such file")

    event = Sources(lambda _event: None, State, FixedClock(BEGIN), Eyes(), threading.Event()).ask("redis", broken)
    assert event == Probed("redis", BEGIN, Outcome.UNREADY, None, "the probe itself failed: RuntimeError")


def test_answers_may_take_longer_on_a_busy_host() -> None:
    world, asked = World().healthy(), list[float]()

    def probe(seconds: float) -> Any:
        asked.append(seconds)
        return OK

    sources = Sources(lambda _event: None, lambda: world.state, FixedClock(world.now), Eyes(), threading.Event())
    sources.ask("redis", probe)
    world.state = replace(world.state, host=replace(HOST, busy_at=world.now))
    sources.ask("redis", probe)
    assert asked == [ANSWER_SECONDS, BUSY_ANSWER_SECONDS]


def test_what_is_known_not_to_run_is_not_asked_unless_docker_is_away() -> None:
    world = World().healthy()
    sources = Sources(lambda _event: None, lambda: world.state, FixedClock(BEGIN), Eyes(), threading.Event())
    assert sources._worth_asking("redis")
    world.crash("redis")
    assert not sources._worth_asking("redis")
    world.docker_goes()
    assert sources._worth_asking("redis")


def test_nobody_is_asked_before_docker_was() -> None:
    sources = Sources(lambda _event: None, State, FixedClock(BEGIN), Eyes(), threading.Event())
    assert not any(sources._worth_asking(name) for name in KEPT)


@pytest.mark.parametrize(("text", "number"), [("15", 15), ("SIGTERM", 15), ("", 0), ("odd", 0)])
def test_signals_are_read_as_number_or_name(text: str, number: int) -> None:
    assert signal_number(text) == number


def _asked_three_times(resolve: bool) -> list[Event]:
    """What the loop hears when redis is silent at three questions."""
    heard, questions, stopping = list[Event](), list[float](), threading.Event()

    def silence(seconds: float) -> Answer:
        questions.append(seconds)
        if len(questions) == 3:
            stopping.set()
        return silent("redis: Temporary failure in name resolution")

    class AtOnce(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return stopping.is_set()

        def is_set(self) -> bool:
            return stopping.is_set()

    state = World().healthy().state
    Sources(heard.append, lambda: state, FixedClock(BEGIN), Eyes(), AtOnce(), lambda: resolve).keep_asking("redis", silence)
    return heard


def test_silence_is_held_against_nobody_while_no_name_is_resolved() -> None:
    heard = _asked_three_times(resolve=False)
    assert [(event.name, event.value) for event in heard if isinstance(event, Measured)] == [("names_dead", 1.0)] * 3
    assert not any(isinstance(event, Probed) for event in heard)


def test_silence_counts_when_names_are_resolved() -> None:
    heard = _asked_three_times(resolve=True)
    assert [type(event) for event in heard] == [Probed] * 3


@pytest.mark.parametrize(("error", "resolved"), [(socket.EAI_AGAIN, False), (socket.EAI_NONAME, True)])
def test_a_name_that_is_not_known_is_an_answer_of_the_name_service(
    monkeypatch: pytest.MonkeyPatch, error: int, resolved: bool
) -> None:
    def fail(*_asked: object) -> None:
        raise socket.gaierror(error, "so it is")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert names_resolve() is resolved


class Turns(threading.Event):
    """Stops after so many waits, without waiting."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.left = turns

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


def _look_around(state: State, turns: int) -> list[list[str]]:
    """The kinds of event of each turn."""
    heard: list[Event] = []
    Sources(heard.append, lambda: state, FixedClock(BEGIN), Eyes(), Turns(turns)).look_around()
    kinds = [type(event).__name__ for event in heard]
    ends = [place + 1 for place, kind in enumerate(kinds) if kind in {"DockerAnswers", "DockerSilent"}]
    return [kinds[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def test_usage_is_read_each_time_and_containers_are_looked_at_every_second_time() -> None:
    turns = _look_around(World().healthy().state, 4)
    assert [turn.count("Seen") for turn in turns] == [0, len(KEPT), 0, len(KEPT)]
    assert [turn.count("Used") for turn in turns] == [len(KEPT) - 1] * 4  # one ended in this moment


def test_while_nothing_runs_each_look_asks_docker() -> None:
    assert [turn.count("Seen") for turn in _look_around(World().state, 2)] == [len(KEPT)] * 2
