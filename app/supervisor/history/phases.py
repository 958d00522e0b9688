"""How long each service was in which state: what availability is counted from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from app.supervisor.state import Phase, ServiceState, State

SCHEMA = """
CREATE TABLE IF NOT EXISTS phases (
    service TEXT NOT NULL, began INTEGER NOT NULL, phase TEXT NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY (service, began)
) WITHOUT ROWID;
"""
MOST_SPANS = 50_000  # 20,000 failures: a service that flaps for months costs the oldest months, not the disk
SPANS_BYTES = MOST_SPANS * 80
_KEEP = timedelta(days=2 * 365)
_STORE = "INSERT OR REPLACE INTO phases VALUES (?, ?, ?, ?)"


Step = tuple[str, Iterable[tuple[object, ...]]]  # a statement with its rows


@dataclass(frozen=True)
class Span:
    """A service was in `phase` between two moments, as far as the supervisor saw."""

    service: str
    phase: str
    began: datetime
    ended: datetime


class Table(Protocol):
    """Where the spans are stored; `Archive` in earnest."""

    def query(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]: ...
    def write(self, *steps: Step) -> bool: ...


class Phases:
    """The states of all services over time. A span ends with the last moment it was seen, so a crash leaves no false time."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._open: dict[str, Span] = {}

    def turned(self, before: State, after: State, now: datetime) -> None:
        """Begin a new span for each service whose phase changed."""
        closed: list[Span] = []
        for name, service in after.services.items():
            if service.phase is not before.services[name].phase:
                closed += self._changed(service, now)
        if closed:
            opened = [self._open[span.service] for span in closed if span.service in self._open]
            self._table.write(_stored([*closed, *opened]))

    def seen(self, state: State, now: datetime) -> Step:
        """What to store for every service being still in its phase."""
        for name, service in state.services.items():
            span = self._open.get(name)
            if service.phase is Phase.UNKNOWN:
                continue
            began = span.began if span and span.phase == service.phase.value else now
            self._open[name] = Span(name, service.phase.value, began, now)
        return _stored(self._open.values())

    def spans(self, begin: datetime, end: datetime) -> list[Span]:
        """Every span that touches the time between two moments, cut to it."""
        first, last = _milliseconds(begin), _milliseconds(end)
        rows = self._table.query(
            "SELECT service, phase, max(began, ?), min(ended, ?) FROM phases "
            "WHERE ended > ? AND began < ? ORDER BY service, began",
            (first, last, first, last),
        )
        return [Span(service, phase, _moment(began), _moment(ended)) for service, phase, began, ended in rows]

    def prune(self, now: datetime) -> None:
        """Forget what is older than two years, and the oldest beyond what there is room for."""
        beyond = self._table.query("SELECT began FROM phases ORDER BY began DESC LIMIT 1 OFFSET ?", (MOST_SPANS,))
        newest = beyond[0][0] if beyond else 0
        self._table.write(("DELETE FROM phases WHERE ended < ? OR began <= ?", [(_milliseconds(now - _KEEP), newest)]))

    def _changed(self, service: ServiceState, now: datetime) -> list[Span]:
        """The span that ends, when there is one. One that was found running had been well all the time it was being looked at."""
        span = self._open.pop(service.name, None)
        found_well = service.phase is Phase.HEALTHY and service.since is not None and span and service.since < span.began
        if span and found_well and span.phase == Phase.STARTING:
            self._open[service.name] = Span(service.name, Phase.HEALTHY.value, span.began, now)
            return [self._open[service.name]]
        if service.phase is not Phase.UNKNOWN:
            self._open[service.name] = Span(service.name, service.phase.value, now, now)
        return [Span(span.service, span.phase, span.began, now)] if span else []


def _stored(spans: Iterable[Span]) -> Step:
    return _STORE, [(span.service, _milliseconds(span.began), span.phase, _milliseconds(span.ended)) for span in spans]


@dataclass(frozen=True)
class Availability:
    """Seconds of one service: `up` healthy, `down` not although it should be, `planned` stopped on purpose.

    The rest of the time nobody looked.
    """

    service: str
    up: float
    down: float
    planned: float

    @property
    def share(self) -> float | None:
        """Of the time it should have worked; None when it was never to."""
        due = self.up + self.down
        return self.up / due if due else None


_PLANNED = frozenset({"stopped", "maintenance"})


def availability(spans: Sequence[Span], services: Iterable[str]) -> list[Availability]:
    """One line a service, in the order given."""
    seconds = {name: {"up": 0.0, "down": 0.0, "planned": 0.0} for name in services}
    for span in spans:
        kind = "up" if span.phase == Phase.HEALTHY else "planned" if span.phase in _PLANNED else "down"
        if span.service in seconds:
            seconds[span.service][kind] += (span.ended - span.began).total_seconds()
    return [Availability(name, **kinds) for name, kinds in seconds.items()]


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
