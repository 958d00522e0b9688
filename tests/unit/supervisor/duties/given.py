"""A view in which every duty finds good evidence, and a roster on a clock that tests move."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.core.clock import FixedClock
from app.supervisor.doctor.records import Run
from app.supervisor.doctor.world import HostFacts
from app.supervisor.duties.catalogue import DUTIES
from app.supervisor.duties.duty import Duty
from app.supervisor.duties.errors import ErrorCount
from app.supervisor.duties.looks import View
from app.supervisor.duties.records import Records
from app.supervisor.duties.roster import Roster
from app.supervisor.events import Event, Measured
from app.supervisor.store import Line, StateFile
from tests.unit.supervisor.doctor.given import FACTS, NOW, TOLD, world

SERIES: Mapping[str, Sequence[float]] = {
    "api_p95_ms": [80, 90, 400],
    "db_query_mean_ms": [2, 3],
    "host_cpu": [0.2, 0.9],
    "host_memory_used": [3e9, 4e9],
}


def view(**changes: Any) -> View:
    """Everything is well, but for `changes` of View's own fields."""
    given: dict[str, Any] = {
        "now": NOW,
        "state": world().state,
        "journal": lambda: [],
        "errors": lambda: ErrorCount(2, [("backend: import failed", 2)], 4),
        "series": lambda name, _begin, _end: SERIES.get(name, []),
        "examine": lambda: Run(NOW, "test", 1.0, 0, 3, 50),
        "facts": lambda: HostFacts(NOW - timedelta(days=1), FACTS),
        "told": lambda: TOLD,
        "versions": lambda: {"TradeAI": "1.0", "redis": "aaaaaaaaaaaa"},
        "last_proof": lambda _name: "",
    }
    return View(**{**given, **changes})


class Office:
    """A roster with its file, its clock, and what it told."""

    def __init__(self, folder: Path, duties: Sequence[Duty] = DUTIES, zone: str = "UTC", now: datetime = NOW) -> None:
        self.folder, self.duties, self.zone = folder, duties, ZoneInfo(zone)
        self.clock, self.told, self.notes = FixedClock(now), list[Event](), list[Line]()
        self.looked: list[date] = []
        self.changes: dict[str, Any] = {}
        self.open()

    def open(self) -> None:
        """The supervisor starts (again)."""
        self.store = StateFile(self.folder, "boot")
        self.records = Records(self.store)
        self.roster = Roster(self.duties, self.clock, self.zone, self.records, self.view, self.told.append, self.notes.append)

    def view(self, now: datetime, day: date) -> View:
        self.looked.append(day)
        return view(now=now, **self.changes)

    def later(self, **span: float) -> "Office":
        self.clock.advance(timedelta(**span).total_seconds())
        return self

    def overdue(self) -> Measured:
        return next(event for event in reversed(self.told) if isinstance(event, Measured) and event.name == "duties_overdue")
