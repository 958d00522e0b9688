"""What the doctor remembers: the facts the host last sent, the last examination in full, and the counts of earlier ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.supervisor.doctor.examine import Result
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.world import HostFacts

SCHEMA = """
CREATE TABLE IF NOT EXISTS doctor_facts (id INTEGER PRIMARY KEY CHECK (id = 1), at TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS doctor_runs (
    at TEXT PRIMARY KEY, why TEXT NOT NULL, seconds REAL NOT NULL, problems INTEGER NOT NULL, warnings INTEGER NOT NULL,
    fine INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS doctor_results (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, part TEXT NOT NULL, title TEXT NOT NULL, verdict TEXT NOT NULL,
    evidence TEXT NOT NULL, remedy TEXT NOT NULL, promise TEXT NOT NULL
);
"""
_KEPT_RUNS = 400  # a year of daily ones


class Store(Protocol):
    """Where the rows lie; `StateFile` in earnest."""

    def define(self, schema: str) -> None: ...
    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]: ...
    def write(self, *steps: tuple[str, Iterable[tuple[object, ...]]]) -> bool: ...


@dataclass(frozen=True)
class Run:
    """One examination: `why` it was made (daily, a person's name), how long it took, and the counts of its verdicts."""

    at: datetime
    why: str
    seconds: float
    problems: int
    warnings: int
    fine: int


class Records:
    """The doctor's tables."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.define(SCHEMA)

    def facts(self) -> HostFacts | None:
        rows = self._store.read("SELECT at, facts FROM doctor_facts")
        return HostFacts(datetime.fromisoformat(rows[0][0]), json.loads(rows[0][1])) if rows else None

    def keep_facts(self, facts: HostFacts) -> bool:
        """Whether they could be stored; they take the place of those before."""
        row = (1, facts.at.isoformat(), json.dumps(facts.seen))
        return self._store.write(("INSERT OR REPLACE INTO doctor_facts VALUES (?, ?, ?)", [row]))

    def runs(self, count: int) -> list[Run]:
        """The newest examinations, newest first."""
        rows = self._store.read(
            "SELECT at, why, seconds, problems, warnings, fine FROM doctor_runs ORDER BY at DESC LIMIT ?", (count,)
        )
        return [Run(datetime.fromisoformat(at), *rest) for at, *rest in rows]

    def results(self) -> list[Result]:
        """The last examination, in the order of the checks."""
        rows = self._store.read(
            "SELECT name, part, title, verdict, evidence, remedy, promise FROM doctor_results ORDER BY number"
        )
        return [Result(name, part, title, Verdict(verdict), *rest) for name, part, title, verdict, *rest in rows]

    def keep(self, at: datetime, why: str, seconds: float, results: Sequence[Result]) -> Run:
        """Remember an examination in place of the one before."""
        counts = [
            sum(result.verdict is verdict for result in results) for verdict in (Verdict.PROBLEM, Verdict.WARNING, Verdict.OK)
        ]
        run = Run(at, why, seconds, *counts)
        lines = [
            (number, one.check, one.group, one.title, one.verdict.value, one.evidence, one.remedy, one.promise)
            for number, one in enumerate(results)
        ]
        self._store.write(
            ("INSERT OR REPLACE INTO doctor_runs VALUES (?, ?, ?, ?, ?, ?)", [(at.isoformat(), why, seconds, *counts)]),
            ("DELETE FROM doctor_runs WHERE at NOT IN (SELECT at FROM doctor_runs ORDER BY at DESC LIMIT ?)", [(_KEPT_RUNS,)]),
            ("DELETE FROM doctor_results", [()]),
            ("INSERT INTO doctor_results VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines),
        )
        return run
