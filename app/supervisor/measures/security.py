"""Security events of the app, counted over ten minutes: from the Redis stream, and from a file for when Redis was down.

Where reading stands, and the events of the window, are stored together, so that a restart of the supervisor loses none and
counts none twice; an event that came both ways has one id.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.logging import get_logger
from app.supervisor.events import Measured
from app.supervisor.measures.audit_verdict import AuditVerdict
from app.supervisor.measures.line_file import LineFile
from app.supervisor.measures.source import Source
from app.supervisor.redis_wire import RedisSays, RedisWire
from app.supervisor.store import StateFile

SECONDS = 5.0
WINDOW = timedelta(minutes=10)
# As in app.core.security_events, whose module brings the Redis library along.
STREAM, FIELD, FILE = "security", "event", "security.log"
_BATCH, _BATCHES = 500, 20
_MOST = 20_000  # events held; a flood beyond it changes no verdict
_SCHEMA = """
CREATE TABLE IF NOT EXISTS security_events (id TEXT PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS security_positions (way TEXT PRIMARY KEY, position TEXT NOT NULL);
"""
# What is counted under which name; the words are for people, for one and for more.
_COUNTED = {
    "failed_sign_ins_10m": (("sign_in.failed", "sign_in.refused"), ("failed sign-in", "failed sign-ins")),
    "lock_outs_10m": (("sign_in.locked",), ("lock-out", "lock-outs")),
    "unauthorised_10m": (
        ("access.refused", "privilege.attempt"),
        ("request beyond the person's role", "requests beyond the person's role"),
    ),
    "privilege_attempts_10m": (
        ("privilege.attempt", "refresh.reused"),
        ("attempt at rights of others", "attempts at rights of others"),
    ),
    "privilege_changes_10m": (("privilege.changed",), ("role given or taken", "roles given or taken")),
}

log = get_logger(__name__)


@dataclass(frozen=True)
class Seen:
    """One event of the window; `origin` is the address it came from, else whom it is about."""

    at: datetime
    kind: str
    origin: str


class SecurityEvents:
    """Follows both ways."""

    def __init__(self, wire: RedisWire, file: LineFile, store: StateFile, clock: Clock) -> None:
        self._wire, self._file, self._store, self._clock = wire, file, store, clock
        store.define(_SCHEMA)
        rows = store.read("SELECT id, at, kind, origin FROM security_events")
        self._events = {row[0]: Seen(datetime.fromisoformat(row[1]), row[2], row[3]) for row in rows}
        self._positions = dict(store.read("SELECT way, position FROM security_positions"))
        self._verdict = AuditVerdict.from_text(self._positions.get("audit", ""))

    def read(self) -> Iterable[Measured]:
        """Take in what is new and count. Redis being down keeps nobody from reading the file."""
        now = self._clock.now()
        before = dict(self._positions)
        lines = [*self._from_stream(), *self._from_file()]
        fresh = self._take(lines, now)
        self._positions["audit"] = self._verdict.as_text()
        gone = [event_id for event_id, event in self._events.items() if now - event.at > WINDOW]
        for event_id in gone:
            del self._events[event_id]
        if fresh or gone or self._positions != before:
            self._remember(fresh, gone)
        yield from self._count()
        yield self._verdict.measured()

    def _from_stream(self) -> list[str]:
        """The events after the remembered position, as JSON."""
        found: list[str] = []
        try:
            for _batch in range(_BATCHES):
                position = self._positions.get("stream", "0-0")
                reply = self._wire.ask_one("XREAD", "COUNT", _BATCH, "STREAMS", STREAM, position)
                entries = reply[0][1] if reply else []
                for entry_id, fields in entries:
                    self._positions["stream"] = entry_id
                    found += [value for name, value in zip(fields[::2], fields[1::2], strict=False) if name == FIELD]
                if len(entries) < _BATCH:
                    break
        except RedisSays as error:
            log.warning("the stream of security events cannot be read", error=str(error))
        except OSError:
            pass  # Redis is down, and its probe says so
        return found

    def _from_file(self) -> list[str]:
        try:
            lines, self._positions["file"] = self._file.read(self._positions.get("file", ""))
        except OSError as error:
            log.warning("the file of security events cannot be read", error=str(error))
            return []
        return lines

    def _take(self, lines: Iterable[str], now: datetime) -> dict[str, Seen]:
        fresh: dict[str, Seen] = {}
        for line in lines:
            event = parse(line, now)
            if event is None:
                log.warning("a security event cannot be understood", line=line[:200])
                continue
            event_id, seen, facts = event
            if seen.kind == "audit.verified":
                self._verdict = self._verdict.after(facts, seen.at)
            elif event_id not in self._events and now - seen.at <= WINDOW and len(self._events) < _MOST:
                self._events[event_id] = fresh[event_id] = seen
        return fresh

    def _remember(self, fresh: dict[str, Seen], gone: list[str]) -> None:
        rows = [(event_id, seen.at.isoformat(), seen.kind, seen.origin) for event_id, seen in fresh.items()]
        self._store.write(
            ("INSERT OR IGNORE INTO security_events VALUES (?, ?, ?, ?)", rows),
            ("DELETE FROM security_events WHERE id = ?", [(event_id,) for event_id in gone]),
            ("INSERT OR REPLACE INTO security_positions VALUES (?, ?)", self._positions.items()),
        )

    def _count(self) -> Iterable[Measured]:
        for name, (kinds, words) in _COUNTED.items():
            counted = [event for event in self._events.values() if event.kind in kinds]
            origins = sorted({event.origin for event in counted if event.origin})
            shown = ", ".join(origins[:5]) + (f" and {len(origins) - 5} more" if len(origins) > 5 else "")
            detail = f"{len(counted)} {words[len(counted) != 1]} in 10 minutes" + (f", from {shown}" if shown else "")
            yield Measured(name, len(counted), detail=detail)


def parse(line: str, now: datetime) -> tuple[str, Seen, dict[str, Any]] | None:
    """(id, event, everything it says); None for what is no event. A moment to come counts as now."""
    try:
        facts = json.loads(line)
        at = min(datetime.fromisoformat(facts["at"]), now)
        origin = str(facts.get("address") or facts.get("subject") or "")[:60]
        return str(facts["id"]), Seen(at, str(facts["kind"]), origin), facts
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def source(wire: RedisWire, file: LineFile, store: StateFile, clock: Clock) -> Source:
    """The source."""
    return Source("security events", SECONDS, SecurityEvents(wire, file, store, clock).read, again=SECONDS)
