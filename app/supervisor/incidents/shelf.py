"""Incidents on the state file: what is open survives the supervisor; what cannot be stored now is stored later."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from app.core.clock import iso
from app.supervisor.incidents.incident import Entry, Evidence, Incident, Kind
from app.supervisor.store import StateFile

MOST_ENTRIES, MOST_EVIDENCE = 200, 3  # of one incident: a service that flaps for days must not fill the file
_LONGEST_TEXT = 1000
_MOST_INCIDENTS = 1000  # 100 MB if every one of them were full to the brim
_MOST_WAITING = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS incidents (
    id INTEGER PRIMARY KEY, cause TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT, document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS incident_entries (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
    text TEXT NOT NULL, by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS incident_entries_of ON incident_entries (incident);
CREATE TABLE IF NOT EXISTS incident_evidence (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS incident_evidence_of ON incident_evidence (incident);
"""
_MOMENTS = ("began_at", "detected_at", "acted_at", "recovered_at", "quiet_since", "ended_at")
Step = tuple[str, list[tuple[object, ...]]]


class Shelf:
    """Where incidents are kept."""

    def __init__(self, store: StateFile) -> None:
        self._store = store
        self._waiting: list[Step] = []
        store.define(_SCHEMA)
        rows = store.read("SELECT max(id) FROM incidents")
        self._last = rows[0][0] or 0 if rows else 0

    def next_id(self) -> int:
        self._last += 1
        return self._last

    def save(self, incident: Incident) -> None:
        """Store the incident as it is now."""
        row = (incident.id, incident.cause, iso(incident.began_at), _text(incident.ended_at), _document(incident))
        self._write(("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?)", [row]))

    def add(self, incident: int, entries: Iterable[Entry]) -> None:
        """Append to its timeline. The newest places are for people: beyond the limit only their entries are kept."""
        room = MOST_ENTRIES - self._count("SELECT count(*) FROM incident_entries WHERE incident = ?", incident)
        rows = [
            (incident, iso(entry.at), entry.kind.value, entry.about, entry.text[:_LONGEST_TEXT], entry.by)
            for number, entry in enumerate(entries)
            if number < room or entry.by
        ]
        if rows:
            insert = "INSERT INTO incident_entries (incident, at, kind, about, text, by) VALUES (?, ?, ?, ?, ?, ?)"
            self._write((insert, [*rows]))

    def secure(self, incident: int, evidence: Evidence) -> None:
        """Keep evidence; the first few failures of an incident tell all."""
        if self._count("SELECT count(*) FROM incident_evidence WHERE incident = ?", incident) < MOST_EVIDENCE:
            document = json.dumps({**vars(evidence), "at": iso(evidence.at), "host": dict(evidence.host)})
            self._write(("INSERT INTO incident_evidence (incident, document) VALUES (?, ?)", [(incident, document)]))

    def merge(self, younger: int, older: int) -> None:
        """Everything of `younger` becomes part of `older`."""
        self._write(
            ("UPDATE incident_entries SET incident = ? WHERE incident = ?", [(older, younger)]),
            ("UPDATE incident_evidence SET incident = ? WHERE incident = ?", [(older, younger)]),
            ("DELETE FROM incidents WHERE id = ?", [(younger,)]),
        )

    def prune(self, now: datetime) -> None:
        """Forget what ended more than two years ago, and the oldest beyond what there is room for."""
        limit = iso(now - timedelta(days=2 * 365))
        forget = "DELETE FROM incidents WHERE ended_at < ? OR (ended_at IS NOT NULL AND id <= ?)"
        self._write(
            (forget, [(limit, self._last - _MOST_INCIDENTS)]),
            ("DELETE FROM incident_entries WHERE incident NOT IN (SELECT id FROM incidents)", [()]),
            ("DELETE FROM incident_evidence WHERE incident NOT IN (SELECT id FROM incidents)", [()]),
        )

    def open(self) -> list[Incident]:
        """Those that have not ended, oldest first."""
        return [
            _incident(row[0]) for row in self._store.read("SELECT document FROM incidents WHERE ended_at IS NULL ORDER BY id")
        ]

    def one(self, number: int) -> Incident | None:
        rows = self._store.read("SELECT document FROM incidents WHERE id = ?", (number,))
        return _incident(rows[0][0]) if rows else None

    def newest(self, count: int, before: int | None = None) -> list[Incident]:
        """The newest first, below the number `before` when there is one."""
        limit = before if before is not None else self._last + 1
        rows = self._store.read("SELECT document FROM incidents WHERE id < ? ORDER BY id DESC LIMIT ?", (limit, count))
        return [_incident(row[0]) for row in rows]

    def begun_between(self, begin: datetime, end: datetime) -> list[Incident]:
        """Those that began within a time, oldest first."""
        statement = "SELECT document FROM incidents WHERE began_at >= ? AND began_at < ? ORDER BY id"
        return [_incident(row[0]) for row in self._store.read(statement, (iso(begin), iso(end)))]

    def timeline(self, number: int) -> list[Entry]:
        """Its entries in the order of time."""
        statement = "SELECT at, kind, about, text, by FROM incident_entries WHERE incident = ? ORDER BY at, id"
        rows = self._store.read(statement, (number,))
        return [Entry(datetime.fromisoformat(at), Kind(kind), about, text, by) for at, kind, about, text, by in rows]

    def evidence(self, number: int) -> list[Evidence]:
        rows = self._store.read("SELECT document FROM incident_evidence WHERE incident = ? ORDER BY id", (number,))
        return [_evidence(json.loads(row[0])) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many incidents of each priority there were since the file began."""
        rows = self._store.read("SELECT json_extract(document, '$.priority'), count(*) FROM incidents GROUP BY 1")
        return dict(rows)

    def flush(self) -> None:
        """Try again to store what could not be."""
        if self._waiting and self._store.write(*self._waiting):
            self._waiting.clear()

    def _write(self, *steps: Step) -> None:
        if self._waiting or not self._store.write(*steps):
            self._waiting = [*self._waiting, *steps][-_MOST_WAITING:]

    def _count(self, statement: str, number: int) -> int:
        rows = self._store.read(statement, (number,))
        return int(rows[0][0]) if rows else 0


def _document(incident: Incident) -> str:
    values = {**vars(incident), "alerts": dict(incident.alerts)}
    return json.dumps({**values, **{name: _text(values[name]) for name in _MOMENTS}})


def _incident(document: str) -> Incident:
    values: dict[str, Any] = json.loads(document)
    moments = {name: datetime.fromisoformat(values[name]) if values[name] else None for name in _MOMENTS}
    return Incident(**{**values, **moments, "affected": tuple(values["affected"]), "alerts": MappingProxyType(values["alerts"])})


def _evidence(values: dict[str, Any]) -> Evidence:
    return Evidence(**{**values, "at": datetime.fromisoformat(values["at"]), "logs": tuple(values["logs"])})


def _text(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
