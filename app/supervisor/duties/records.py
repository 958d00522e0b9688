"""What is on record: one row for each turn of a duty that was done, and when the calendar began."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol

from app.supervisor.duties.standing import Entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS duties (
    duty TEXT NOT NULL, day TEXT NOT NULL, done_at TEXT NOT NULL, good INTEGER NOT NULL, proof TEXT NOT NULL,
    details TEXT NOT NULL, signed_by TEXT NOT NULL, signed_at TEXT, note TEXT NOT NULL, PRIMARY KEY (duty, day)
);
CREATE TABLE IF NOT EXISTS duties_began (id INTEGER PRIMARY KEY CHECK (id = 1), at TEXT NOT NULL);
"""


class Store(Protocol):
    """Where the rows lie; `StateFile` in earnest."""

    def define(self, schema: str) -> None: ...
    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]: ...
    def write(self, *steps: tuple[str, Iterable[tuple[object, ...]]]) -> bool: ...


class Records:
    """The calendar's tables."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.define(SCHEMA)

    def began_at(self, now: datetime) -> datetime:
        """When the calendar began: what was due before is nobody's fault. Set at the first call."""
        self._store.write(("INSERT OR IGNORE INTO duties_began VALUES (1, ?)", [(now.isoformat(),)]))
        rows = self._store.read("SELECT at FROM duties_began")
        return datetime.fromisoformat(rows[0][0]) if rows else now

    def entry(self, duty: str, day: date) -> Entry | None:
        return next(iter(self.entries(day, day, duty)), None)

    def entries(self, first: date, last: date, duty: str = "") -> list[Entry]:
        """Everything on record of turns from `first` to `last`, of one duty or all."""
        rows = self._store.read(
            "SELECT duty, day, done_at, good, proof, details, signed_by, signed_at, note FROM duties "
            "WHERE day BETWEEN ? AND ? AND (duty = ? OR ? = '') ORDER BY day, duty",
            (first.isoformat(), last.isoformat(), duty, duty),
        )
        return [_entry(row) for row in rows]

    def last_proof(self, duty: str, day: date) -> str:
        """The last good proof of the duty from before `day`; "" when there is none."""
        rows = self._store.read(
            "SELECT proof FROM duties WHERE duty = ? AND day < ? AND good ORDER BY day DESC LIMIT 1", (duty, day.isoformat())
        )
        return str(rows[0][0]) if rows else ""

    def keep(self, entry: Entry) -> bool:
        """Whether it could be stored; it takes the place of what was on record of that turn."""
        row = (
            entry.duty,
            entry.day.isoformat(),
            entry.done_at.isoformat(),
            entry.good,
            entry.proof,
            json.dumps(entry.details),
            entry.signed_by,
            entry.signed_at.isoformat() if entry.signed_at else None,
            entry.note,
        )
        return self._store.write(("INSERT OR REPLACE INTO duties VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [row]))


def _entry(row: tuple[Any, ...]) -> Entry:
    duty, day, done_at, good, proof, details, signed_by, signed_at, note = row
    signed = datetime.fromisoformat(signed_at) if signed_at else None
    at = datetime.fromisoformat(done_at)
    return Entry(duty, date.fromisoformat(day), at, bool(good), proof, tuple(json.loads(details)), signed_by, signed, note)
