"""What must survive the supervisor: budgets, quarantines, stops by hand, and the journal. SQLite on its own volume."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from app.supervisor.lasting import LastingFile, Step
from app.supervisor.state import Lease, ServiceState

_FILE = "supervisor.sqlite3"
_JOURNAL_ROWS = 50_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS services (
    name TEXT PRIMARY KEY, container_id TEXT, attempts TEXT NOT NULL, quarantined INTEGER NOT NULL,
    stopped_at TEXT, boot_id TEXT NOT NULL, restarts INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, service TEXT NOT NULL, text TEXT NOT NULL, bad INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS leases (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, services TEXT NOT NULL, holder TEXT NOT NULL, why TEXT NOT NULL,
    taken_at TEXT NOT NULL, until TEXT NOT NULL, seconds REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
# A stop counts as meant to last only when the supervisor outlives it this long: when the host or the whole appliance is
# going down, the services are stopped first, and after the next boot they must come up again.
STOP_SETTLES = timedelta(seconds=20)
RETRY = timedelta(minutes=1)  # how often a volume that took nothing is tried again


@dataclass(frozen=True)
class Line:
    """One entry of the journal."""

    at: datetime
    service: str
    text: str
    bad: bool


class StateFile(LastingFile):
    """The supervisor's state in its file, or in memory while the volume takes none."""

    def __init__(self, folder: Path, boot_id: str) -> None:
        self._boot_id = boot_id
        self._saved: dict[str, tuple[object, ...]] = {}
        self._leases: list[tuple[object, ...]] = []
        self._retry_at: datetime | None = None
        super().__init__(folder / _FILE, _SCHEMA)

    def restore(self, services: Mapping[str, ServiceState]) -> Mapping[str, ServiceState]:
        """`services` with what was remembered of each. A boot of the host is a fresh start: it ends stops and quarantines."""
        rows = self.read("SELECT name, container_id, attempts, quarantined, stopped_at, boot_id, restarts FROM services")
        restored = dict(services)
        for name, container_id, attempts, quarantined, stopped_at, boot_id, restarts in rows:
            if name not in restored:
                continue
            service = ServiceState(name, remembered_id=container_id, restarts=restarts)
            if boot_id == self._boot_id:
                service = replace(
                    service,
                    attempts=tuple(datetime.fromisoformat(moment) for moment in json.loads(attempts)),
                    quarantined=bool(quarantined),
                    stopped_at=datetime.fromisoformat(stopped_at) if stopped_at else None,
                )
            restored[name] = service
        return MappingProxyType(restored)

    def save(self, services: Iterable[ServiceState], now: datetime) -> None:
        """Write what changed, before anything is done about it: an action is never repeated for want of memory.

        This is done each second, so it is also when a file that could not be opened is tried again.
        """
        if self.in_memory and (self._retry_at is None or now >= self._retry_at):
            self._retry_at = now + RETRY
            self.return_to_file()
        changed = {
            row[0]: row for row in (self._row(service, now) for service in services) if self._saved.get(str(row[0])) != row
        }
        if changed and self.write(("INSERT OR REPLACE INTO services VALUES (?, ?, ?, ?, ?, ?, ?)", changed.values())):
            self._saved |= {str(name): row for name, row in changed.items()}

    def leases(self, now: datetime) -> Mapping[str, Lease]:
        """The maintenance leases by name; none reaches further than it was asked for, should the clock have been set back."""
        rows = self.read("SELECT id, name, services, holder, why, taken_at, until, seconds FROM leases")
        kept = {}
        for lease_id, name, services, holder, why, taken_at, until, seconds in rows:
            end = min(datetime.fromisoformat(until), now + timedelta(seconds=seconds))
            taken = datetime.fromisoformat(taken_at)
            kept[name] = Lease(lease_id, name, tuple(json.loads(services)), holder, why, taken, end, seconds)
        return MappingProxyType(kept)

    def save_leases(self, leases: Iterable[Lease]) -> None:
        """Write the leases that hold, in place of those before."""
        rows = [
            (
                lease.id,
                lease.name,
                json.dumps(lease.services),
                lease.holder,
                lease.why,
                lease.taken_at.isoformat(),
                lease.until.isoformat(),
                lease.seconds,
            )
            for lease in leases
        ]
        self._leases = list(rows)
        self.write(*_lease_steps(rows))

    def note(self, line: Line) -> None:
        """Append to the journal, which keeps its newest rows."""
        row = (line.at.isoformat(), line.service, line.text, line.bad)
        insert = "INSERT INTO journal (at, service, text, bad) VALUES (?, ?, ?, ?)"
        trim = "DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?"
        self.write((insert, [row]), (trim, [(_JOURNAL_ROWS,)]))

    def journal(self, count: int) -> list[Line]:
        """The newest lines, newest first."""
        rows = self.read("SELECT at, service, text, bad FROM journal ORDER BY id DESC LIMIT ?", (count,))
        return [Line(datetime.fromisoformat(at), service, text, bool(bad)) for at, service, text, bad in rows]

    def key(self, name: str) -> bytes:
        """A random key that is made once; one that cannot be stored lasts as long as the process."""
        made = secrets.token_bytes(32)
        self.write(("INSERT OR IGNORE INTO keys VALUES (?, ?)", [(name, made)]))
        rows = self.read("SELECT value FROM keys WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else made

    def _row(self, service: ServiceState, now: datetime) -> tuple[object, ...]:
        settled = service.stopped_at is not None and now - service.stopped_at >= STOP_SETTLES
        container_id = service.container.id if service.container else service.remembered_id
        attempts = json.dumps([moment.isoformat() for moment in service.attempts])
        stopped_at = service.stopped_at.isoformat() if settled and service.stopped_at else None
        return (service.name, container_id, attempts, int(service.quarantined), stopped_at, self._boot_id, service.restarts)

    def _begun_anew(self) -> None:
        """A fresh file knows nothing: what is at work now must be in it before the next restart of the supervisor."""
        self._saved.clear()
        self.write(*_lease_steps(self._leases))


def _lease_steps(rows: Iterable[tuple[object, ...]]) -> tuple[Step, Step]:
    return ("DELETE FROM leases", [()]), ("INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
