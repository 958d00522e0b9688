"""A desk on a real state file with a clock that is moved by hand, whose messages go to real receivers."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from app.core.clock import FixedClock
from app.supervisor.alerts.change import AlertChange
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.opening import open_desk
from app.supervisor.alerts.outbox import Delivery
from app.supervisor.state import DockerState, Measure, Phase, ServiceState, State, words
from app.supervisor.store import StateFile
from tests.unit.supervisor.world import BEGIN


class Office:
    """`restart` is a supervisor that was killed and comes back on the same files."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder, self.clock = folder, FixedClock(BEGIN)
        self.file = folder / "alerts.toml"
        if settings:
            self.file.write_text(settings)
        self.state = State(docker=DockerState(True, BEGIN))
        self.changes: list[AlertChange] = []
        self.deliveries: list[Delivery] = []
        self.store: StateFile
        self.desk: Desk
        self.open()
        for name in self.state.services:
            self.service(name, Phase.HEALTHY)

    def open(self) -> None:
        self.store = StateFile(self.folder / "state", "boot")
        self.desk = open_desk(self.folder / "state", self.store, self.clock, self.file)
        self.desk.subscribe(self.changes.extend)
        self.desk.on_delivery(self.deliveries.append)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def service(self, name: str, phase: Phase, blamed_on: str | None = None) -> None:
        reason = words("it hangs") if phase is Phase.FAILED else words("")
        since = self.clock.now() - (timedelta(hours=1) if phase is Phase.HEALTHY else timedelta())
        service = ServiceState(name, phase=phase, since=since, blamed_on=blamed_on, reason=reason)
        self.state = replace(self.state, services=MappingProxyType({**self.state.services, name: service}))

    def measure(self, name: str, value: float, subject: str = "") -> None:
        measures = {**self.state.measures, (name, subject): Measure(value, self.clock.now(), f"{name} {value:g}")}
        self.state = replace(self.state, measures=MappingProxyType(measures))

    def advance(self, seconds: float, step: float = 1) -> None:
        passed = 0.0
        while passed < seconds:
            self.clock.advance(step)
            passed += step
            self.desk.look(self.state, self.clock.now())

    def send(self) -> int:
        """Everything that is due, one after the other; how many attempts that were."""
        count = 0
        while work := self.desk.outbox.due():
            for send in work:
                send()
                count += 1
        return count

    def down(self, name: str = "mongodb") -> None:
        """The service fails and it is told of."""
        self.service(name, Phase.FAILED)
        self.advance(50)


def wait_until(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether `holds` came true within the limit."""
    pause, left = threading.Event(), seconds
    while not holds() and left > 0:
        pause.wait(0.01)
        left -= 0.01
    return holds()
