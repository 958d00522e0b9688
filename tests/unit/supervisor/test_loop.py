"""The loop decides in turn, acts beside itself, reports what came of it, and survives a bad event."""

import threading
from datetime import datetime
from pathlib import Path

import pytest

from app.core.clock import FixedClock
from app.supervisor.engine import EngineRefused, EngineSilent
from app.supervisor.events import Ask, Asked, Died, DockerAnswers, Event, Probed, Seen, Tick
from app.supervisor.loop import Loop
from app.supervisor.state import Container, Outcome, Phase
from app.supervisor.store import StateFile
from tests.unit.supervisor.world import BEGIN, KEPT


class Hands:
    """Notes what is asked of Docker; `error` is what it says to it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def _do(self, what: str, service: str) -> None:
        self.done.append((what, service))
        if self.error is not None:
            raise self.error

    def start(self, service: str) -> None:
        self._do("start", service)

    def stop(self, service: str, grace_seconds: int) -> None:
        self._do("stop", service)

    def restart(self, service: str, grace_seconds: int) -> None:
        self._do("restart", service)


class Bench:
    """A loop with a clock that stands still and hands that do nothing."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.hands = FixedClock(BEGIN), Hands()
        self.store = StateFile(folder, "boot")
        self.loop = Loop(self.clock, self.hands, self.store, run=lambda work: work())

    def healthy(self) -> "Bench":
        self.tell(DockerAnswers())
        for name in KEPT:
            self.tell(Seen(name, Container(f"{name}-1", "running"), self.clock.now()))
            self.tell(Probed(name, self.clock.now(), Outcome.OK, 1.0))
        return self

    def tell(self, event: Event) -> None:
        self.loop.handle(event)
        while not self.loop._events.empty():
            self.loop.handle(self.loop._events.get())

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.tell(Tick())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).healthy()


def _dies(bench: Bench, at: datetime) -> None:
    bench.tell(Died("redis", "redis-1", at, 1))


def test_a_death_becomes_a_start_and_a_line_in_the_journal(bench: Bench) -> None:
    _dies(bench, bench.clock.now())
    bench.later(2)
    assert bench.hands.done == [("start", "redis")]
    assert "redis is failed: it ended with exit code 1" in [line.text for line in bench.store.journal(5)]
    assert bench.loop.state.services["redis"].phase is Phase.STARTING


def test_the_attempt_is_on_disk_before_docker_is_asked(bench: Bench, tmp_path: Path) -> None:
    seen: list[int] = []

    def start(service: str) -> None:
        seen.append(len(StateFile(tmp_path, "boot").restore(bench.loop.state.services)[service].attempts))

    bench.hands.start = start  # type: ignore[method-assign]
    _dies(bench, bench.clock.now())
    bench.later(2)
    assert seen == [1]


def test_a_refusal_is_an_attempt_and_is_shown(bench: Bench) -> None:
    bench.hands.error = EngineRefused("no space left on device")
    _dies(bench, bench.clock.now())
    bench.later(2)
    service = bench.loop.state.services["redis"]
    assert len(service.attempts) == 1
    assert "no space left on device" in str(service.reason)


def test_an_unreachable_docker_costs_no_attempt(bench: Bench) -> None:
    bench.hands.error = EngineSilent("connection refused")
    _dies(bench, bench.clock.now())
    bench.later(2)
    assert bench.loop.state.services["redis"].attempts == ()


def test_operators_are_told_at_once_why_not(bench: Bench) -> None:
    assert bench.loop.ask(Asked("nothing", Ask.START, "operator")) == "There is no such service."
    assert bench.loop.ask(Asked("redis", Ask.RELEASE, "operator")) == "It is not in quarantine."
    assert bench.loop.ask(Asked("redis", Ask.RESTART, "operator")) is None
    bench.later(1)
    assert bench.hands.done == [("restart", "redis")]


def test_one_bad_event_does_not_end_the_loop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, complaints = threading.Event(), list[str]()
    monkeypatch.setattr("app.supervisor.loop.log.exception", lambda text, **_values: complaints.append(text), raising=False)
    bench.loop.put("no event at all")  # type: ignore[arg-type]
    bench.loop.put(Died("redis", "redis-1", bench.clock.now(), 1))
    running = threading.Thread(target=bench.loop.run, args=(stopping,))
    before = bench.loop.turn
    running.start()
    assert bench.loop.wait_for_turn(before, 10) > before
    stopping.set()
    bench.loop.put(Tick())  # it need not wait for its own
    running.join(5)
    assert not running.is_alive()
    assert complaints == ["an event could not be handled"]
    assert bench.loop.state.services["redis"].phase is Phase.FAILED


def test_who_follows_is_woken_by_changes_only(bench: Bench) -> None:
    turn = bench.loop.turn
    bench.tell(Probed("redis", bench.clock.now(), Outcome.OK, 2.0))
    bench.later(1)
    assert bench.loop.turn == turn
    assert bench.loop.wait_for_turn(turn, 0) == turn
    _dies(bench, bench.clock.now())
    assert bench.loop.wait_for_turn(turn, 0) > turn


def test_a_loop_that_does_not_turn_is_called_stuck(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not bench.loop.stuck
    monkeypatch.setattr("app.supervisor.loop.STUCK_SECONDS", -1)
    assert bench.loop.stuck
