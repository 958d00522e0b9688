"""One alert from its first doubt to its end, and the silences that keep it quiet. Immutable values."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from app.supervisor.alerts.change import AlertChange
from app.supervisor.alerts.rule import Priority

Key = tuple[str, str]  # rule, subject


class Stage(StrEnum):
    """OK is the absence of an alert; a resolved one is kept for a while to explain what outlasts it."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


LIVE = frozenset({Stage.FIRING, Stage.ACKNOWLEDGED})


@dataclass(frozen=True)
class Alert:
    """`cause` as in AlertChange. `muted` says why nobody is told: the id of the alert that explains it, or of a silence."""

    id: str
    rule: str
    subject: str
    priority: Priority
    stage: Stage
    cause: str
    detail: str
    value: float
    since: datetime
    fired_at: datetime | None = None
    clear_since: datetime | None = None  # the condition has not held since
    absent_since: datetime | None = None  # nothing has been heard of the signal since
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    reason: str = ""
    resolved_at: datetime | None = None
    muted: str = ""
    group: str = ""  # the message it is part of

    @property
    def key(self) -> Key:
        return self.rule, self.subject

    @property
    def live(self) -> bool:
        return self.stage in LIVE


@dataclass(frozen=True)
class Silence:
    """Until `until`, alerts whose rule and subject match (shell patterns) reach nobody."""

    id: str
    rule: str
    subject: str
    until: datetime
    who: str
    why: str
    at: datetime

    def covers(self, alert: Alert, now: datetime) -> bool:
        return now < self.until and fnmatchcase(alert.rule, self.rule) and fnmatchcase(alert.subject, self.subject)


def alert_id(rule: str, subject: str, since: datetime) -> str:
    """The same for the same alert, however often it is worked out."""
    return hashlib.sha256(f"{rule}\0{subject}\0{since.isoformat()}".encode()).hexdigest()[:12]


def change(before: Stage, alert: Alert, now: datetime, by: str = "", reason: str = "") -> AlertChange:
    """What listeners are told of the step from `before` to where `alert` is."""
    return AlertChange(
        alert_id=alert.id,
        rule=alert.rule,
        subject=alert.subject,
        priority=alert.priority.value,
        was=before.value,
        now=alert.stage.value,
        at=now,
        cause=alert.cause,
        detail=alert.detail,
        by=by,
        reason=reason,
    )
