"""Alerts, groups, silences and messages in the supervisor's state file. A step and its messages are one transaction."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from app.supervisor.alerts.alert import Alert, Key, Silence, Stage
from app.supervisor.alerts.grouping import Group, Message
from app.supervisor.store import StateFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS alerts (
    id TEXT PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, live INTEGER NOT NULL, since TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alerts_by_live ON alerts (live, since);
CREATE TABLE IF NOT EXISTS alert_groups (id TEXT PRIMARY KEY, closed INTEGER NOT NULL, due_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS silences (id TEXT PRIMARY KEY, until TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, grp TEXT NOT NULL, channel TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at TEXT NOT NULL, claim TEXT NOT NULL, done_at TEXT, error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_state ON messages (state, due_at);
CREATE TABLE IF NOT EXISTS alert_channels (name TEXT PRIMARY KEY, since TEXT NOT NULL);
"""
_MESSAGES_KEPT = timedelta(days=30)
_ALERTS_KEPT = timedelta(days=400)

_ALERT, _GROUP = TypeAdapter(Alert), TypeAdapter(Group)
_SILENCE, _MESSAGE = TypeAdapter(Silence), TypeAdapter(Message)
Step = tuple[str, Iterable[tuple[Any, ...]]]


class AlertStore:
    """The rooms of the alerts in the state file. Reading never raises; writing tells whether it was stored."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._lock = threading.RLock()  # pages, loop and senders share one connection
        file.define(_SCHEMA)

    def live(self) -> dict[Key, Alert]:
        """The alerts that were not over when they were last stored."""
        rows = self.read("SELECT body FROM alerts WHERE live = 1 ORDER BY since")
        return {alert.key: alert for alert in (_ALERT.validate_json(body) for (body,) in rows)}

    def recent(self, count: int) -> list[Alert]:
        """The newest alerts that are over."""
        rows = self.read("SELECT body FROM alerts WHERE live = 0 ORDER BY since DESC LIMIT ?", (count,))
        return [_ALERT.validate_json(body) for (body,) in rows]

    def one(self, alert_id: str) -> Alert | None:
        """The alert of that id, be it over."""
        rows = self.read("SELECT body FROM alerts WHERE id = ?", (alert_id,))
        return _ALERT.validate_json(rows[0][0]) if rows else None

    def groups(self) -> dict[str, Group]:
        """The groups that are not closed."""
        rows = self.read("SELECT body FROM alert_groups WHERE closed = 0")
        return {group.id: group for group in (_GROUP.validate_json(body) for (body,) in rows)}

    def silences(self, now: datetime) -> list[Silence]:
        rows = self.read("SELECT body FROM silences WHERE until > ? ORDER BY until", (now.isoformat(),))
        return [_SILENCE.validate_json(body) for (body,) in rows]

    def keep(self, alerts: Iterable[Alert], dropped: Iterable[str], groups: Iterable[Group], messages: Iterable[Message]) -> bool:
        """Everything of one turn in one transaction: an alert that is told of is never stored without its messages."""
        return self.write(
            ("DELETE FROM alerts WHERE id = ?", [(alert_id,) for alert_id in dropped]),
            ("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?)", [_alert_row(alert) for alert in alerts]),
            ("INSERT OR REPLACE INTO alert_groups VALUES (?, ?, ?, ?)", [_group_row(group) for group in groups]),
            message_step(messages),
        )

    def add_silence(self, silence: Silence) -> bool:
        row = (silence.id, silence.until.isoformat(), _SILENCE.dump_json(silence).decode())
        return self.write(("INSERT OR REPLACE INTO silences VALUES (?, ?, ?)", [row]))

    def end_silence(self, silence: Silence, now: datetime) -> bool:
        return self.add_silence(replace(silence, until=now))

    def know_channels(self, names: Iterable[str], now: datetime) -> dict[str, datetime]:
        """Since when each channel is known."""
        self.write(("INSERT OR IGNORE INTO alert_channels VALUES (?, ?)", [(name, now.isoformat()) for name in names]))
        rows = self.read("SELECT name, since FROM alert_channels")
        return {name: datetime.fromisoformat(since) for name, since in rows}

    def prune(self, now: datetime) -> None:
        """Forget what is old."""
        messages, alerts = (now - _MESSAGES_KEPT).isoformat(), (now - _ALERTS_KEPT).isoformat()
        self.write(
            ("DELETE FROM messages WHERE state IN ('sent', 'failed') AND at < ?", [(messages,)]),
            ("DELETE FROM alert_groups WHERE closed = 1 AND due_at < ?", [(messages,)]),
            ("DELETE FROM silences WHERE until < ?", [(messages,)]),
            ("DELETE FROM alerts WHERE live = 0 AND since < ?", [(alerts,)]),
        )

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._file.read(statement, values)

    def write(self, *steps: Step) -> bool:
        with self._lock:
            return self._file.write(*[(statement, list(rows)) for statement, rows in steps])

    @property
    def trouble(self) -> str:
        return self._file.trouble

    @property
    def damaged(self) -> str:
        """Where a damaged file was put when this process began; "" when there was none."""
        return str(self._file.kept_aside or "")


def message_step(messages: Iterable[Message]) -> Step:
    """The statement that stores new messages; one that is known already stays as it is."""
    insert = "INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?, '', NULL, '')"
    return insert, [
        (m.id, m.group, m.channel, m.kind.value, m.at.isoformat(), _MESSAGE.dump_json(m).decode(), m.at.isoformat())
        for m in messages
    ]


def message_from(body: str) -> Message:
    return _MESSAGE.validate_json(body)


def _alert_row(alert: Alert) -> tuple[Any, ...]:
    live = int(alert.stage is not Stage.RESOLVED)
    return (alert.id, alert.rule, alert.subject, live, alert.since.isoformat(), _ALERT.dump_json(alert).decode())


def _group_row(group: Group) -> tuple[Any, ...]:
    return (group.id, int(group.closed), group.due_at.isoformat(), _GROUP.dump_json(group).decode())
