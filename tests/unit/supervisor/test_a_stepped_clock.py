"""The machine's clock is set forward or back under the whole supervisor: loop, alerts, incidents and leases together.

A container has no clock of its own, so the fault matrix cannot do this. The supervisor counts time that passes, not what the
clock says; only one that starts after the step believes it, and finds moments on its files that lie in another time.
"""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.core.clock import FixedClock
from app.supervisor.alerts.grouping import Kind
from app.supervisor.alerts.opening import open_desk
from app.supervisor.clock import SteadyClock
from app.supervisor.events import Died, DockerAnswers, Event, LeaseTaken, Probed, Seen, Tick
from app.supervisor.incidents.opening import open_book
from app.supervisor.loop import Loop
from app.supervisor.state import Container, Lease, Outcome, Phase
from app.supervisor.store import StateFile
from tests.unit.supervisor.test_loop import Hands
from tests.unit.supervisor.world import BEGIN, KEPT

pytestmark = pytest.mark.slow  # hours are played through here

CHANNEL = """
[[channel]]
name = "program"
kind = "webhook"
url = "http://127.0.0.1:9/"
secret = "a-secret-for-the-stepped-clock"
"""
STEPS = [timedelta(seconds=90), timedelta(days=1), timedelta(days=400), timedelta(seconds=-90), timedelta(days=-1)]
LEASE_SECONDS = 150


class Machine:
    """A wall clock that can be set, time that passes by itself, and the supervisor with all that it remembers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.passed, self.wall, self.hands = folder, 1000.0, FixedClock(BEGIN), Hands()
        self.dead: set[str] = set()
        monkeypatch.setattr("app.supervisor.clock.time", SimpleNamespace(monotonic=lambda: self.passed))
        (folder / "alerts.toml").write_text(CHANNEL)
        self.begin()

    def begin(self) -> None:
        """The supervisor comes up (again) and looks around."""
        self.clock = SteadyClock(self.wall)
        self.store = StateFile(self.folder / "state", "boot")
        self.desk = open_desk(self.folder / "state", self.store, self.clock, self.folder / "alerts.toml")
        self.book = open_book(self.store, lambda *_which: [], self.desk)
        self.loop = Loop(self.clock, self.hands, self.store, run=lambda work: work(), observers=[self.desk, self.book])
        self.tell(DockerAnswers())
        for name in KEPT:
            status = "exited" if name in self.dead else "running"
            self.tell(Seen(name, Container(f"{name}-1", status, 1 if name in self.dead else None), self.clock.now()))
        self.later(3)

    def restart(self) -> None:
        self.store.close()
        self.begin()

    def tell(self, event: Event) -> None:
        self.loop.handle(event)
        while not self.loop._events.empty():
            self.loop.handle(self.loop._events.get())

    def later(self, seconds: int) -> None:
        """Time passes; whoever lives answers each second."""
        for _second in range(seconds):
            self.passed += 1
            self.wall.advance(1)
            for name in KEPT:
                if name not in self.dead:
                    self.tell(Probed(name, self.clock.now(), Outcome.OK, 1.0))
            self.tell(Tick())

    def step(self, by: timedelta) -> None:
        """Somebody sets the machine's clock."""
        self.wall.advance(by.total_seconds())

    def dies(self, name: str) -> None:
        self.dead.add(name)
        self.tell(Died(name, f"{name}-1", self.clock.now(), 1))

    def take_lease(self) -> None:
        now = self.clock.now()
        until = now + timedelta(seconds=LEASE_SECONDS)
        self.tell(LeaseTaken(Lease("lease-1", "work on ai", ("ai",), "operator", "a test", now, until, LEASE_SECONDS)))

    @property
    def told(self) -> list[str]:
        """The failures that people are told of, message by message; no weekly test, and no reminder that nobody has answered."""
        found = [delivery.message for delivery in self.desk.outbox.deliveries("channel = ?", ("program",), 100)]
        return [" + ".join(alert.rule for alert in message.alerts) for message in found if message.kind is Kind.TRIGGER]

    @property
    def causes(self) -> list[str]:
        return [incident.cause for incident in self.book.shelf.newest(20)]

    def touched(self) -> set[str]:
        return {service for _what, service in self.hands.done}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path, monkeypatch)
    assert all(service.phase is Phase.HEALTHY for service in made.loop.state.services.values())
    return made


@pytest.mark.parametrize("by", STEPS, ids=str)
def test_a_running_supervisor_does_not_notice(machine: Machine, by: timedelta) -> None:
    machine.take_lease()
    machine.dies("redis")
    machine.later(60)
    before = machine.told, machine.causes
    assert before == (["service_down"], ["redis"])
    machine.step(by)
    machine.later(30)
    assert (machine.told, machine.causes) == before
    assert machine.touched() == {"redis"}, "nobody is restarted for what the clock says"
    assert set(machine.loop.state.leases) == {"work on ai"}
    machine.later(LEASE_SECONDS - 90)
    assert not machine.loop.state.leases, "the lease ends when its time has passed, whatever the clock says"


@pytest.mark.parametrize("by", STEPS, ids=str)
def test_one_that_starts_after_the_step_heals_nobody_who_is_well_and_tells_nothing_twice(machine: Machine, by: timedelta) -> None:
    machine.dies("redis")
    machine.later(60)
    assert machine.told == ["service_down"]
    machine.step(by)
    machine.restart()
    machine.later(30)
    assert machine.told == ["service_down"]
    assert machine.causes == ["redis"]
    assert machine.touched() == {"redis"}


@pytest.mark.parametrize("by", STEPS, ids=str)
def test_no_lease_outlives_its_seconds_in_one_that_starts_after_the_step(machine: Machine, by: timedelta) -> None:
    machine.take_lease()
    machine.step(by)
    machine.restart()
    machine.later(LEASE_SECONDS)
    assert not machine.loop.state.leases
    assert machine.touched() == set()
    assert machine.told == []
