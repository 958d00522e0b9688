"""A world, its incidents, and a clock: what the incident tests play on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.supervisor.actions import Action
from app.supervisor.alerts.change import AlertChange
from app.supervisor.engine import EngineSilent
from app.supervisor.events import Event
from app.supervisor.incidents.book import STABILITY, Book
from app.supervisor.incidents.incident import Entry, Incident
from app.supervisor.incidents.shelf import Shelf
from app.supervisor.loop import Observer
from app.supervisor.state import State
from app.supervisor.store import StateFile
from tests.unit.supervisor.world import World


@dataclass
class Watched(World):
    """A world on whose every turn a book looks on."""

    book: Book | None = None
    others: list[Observer] = field(default_factory=list)

    def decided(self, before: State, event: Event, actions: list[Action]) -> None:
        if self.book is not None:
            for observer in (self.book, *self.others):
                observer.turned(before, self.state, event, actions, self.now)


class Desk:
    """A healthy world with a book of incidents that is stored in `folder`."""

    def __init__(self, folder: Path, stability: timedelta = STABILITY) -> None:
        self.folder, self.stability = folder, stability
        self.lines, self.silent = ["starting", "password=hush", "Traceback: it broke"], False
        self.world = Watched(pace=5)
        self.world.healthy()
        self.open_book()

    def open_book(self) -> None:
        """A supervisor that has just come up."""
        self.store = StateFile(self.folder, "boot")
        self.shelf = Shelf(self.store)
        self.world.book = self.book = Book(self.shelf, self._logs, self.stability, run=_at_once)

    def advance(self, seconds: float) -> "Desk":
        self.world.advance(seconds)
        return self

    def breaks(self, name: str, exit_code: int = 1) -> "Desk":
        self.world.crash(name, exit_code)
        return self

    def keeps_breaking(self, name: str) -> "Desk":
        self.world.bodies[name].dies_after = 1
        return self.breaks(name)

    def alert(self, now: str, rule: str = "service_down", subject: str = "", was: str = "", **changes: str) -> "Desk":
        values = {"alert_id": f"{rule}:{subject}", "priority": "P1", "cause": subject, "detail": "it is so"} | changes
        self.book.heard([AlertChange(rule=rule, subject=subject, was=was, now=now, at=self.world.now, **values)])  # type: ignore[arg-type]
        return self

    @property
    def only(self) -> Incident:
        """The one incident there is, as stored."""
        found = self.shelf.newest(10)
        assert len(found) == 1, found
        return found[0]

    def timeline(self, number: int | None = None) -> list[Entry]:
        return self.shelf.timeline(number or self.only.id)

    def texts(self, kind: str) -> list[str]:
        return [entry.text for entry in self.timeline() if entry.kind == kind]

    def _logs(self, service: str, lines: int, until: datetime | None = None) -> list[str]:
        if self.silent:
            raise EngineSilent("connection refused")
        return self.lines[-lines:]


def _at_once(work: Callable[[], None]) -> None:
    work()
