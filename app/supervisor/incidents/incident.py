"""The values: one incident, the entries of its timeline, and the evidence that was secured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

PRIORITIES = ("P1", "P2", "P3", "P4")


class Kind(StrEnum):
    """What an entry of the timeline is about."""

    EVENT = "event"
    ALERT = "alert"
    ACTION = "action"
    MESSAGE = "message"
    ACKNOWLEDGEMENT = "acknowledgement"
    NOTE = "note"


@dataclass(frozen=True)
class Entry:
    """One line of the timeline; `about` a service or "", `by` a person or ""."""

    at: datetime
    kind: Kind
    about: str
    text: str
    by: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was found when `service` failed. `host` holds figures by name; `logs` the last lines, redacted."""

    at: datetime
    service: str
    reason: str
    exit_code: int | None
    oom_killed: bool
    host: Mapping[str, float]
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Incident:
    """One cause and all it brought about.

    cause         a service, "host", or the alert rule itself
    began_at      the first sign of it; detected_at when it was told from a lost answer
    acted_at      the first thing done about it, by the supervisor or a person
    recovered_at  since when all affected services work again (or no alert is left); None while something does not
    quiet_since   since when, besides, no alert is left; ended_at when that had held long enough
    alerts        by id, whether each is still there
    """

    id: int
    cause: str
    reason: str
    priority: str
    began_at: datetime
    detected_at: datetime
    acted_at: datetime | None = None
    recovered_at: datetime | None = None
    quiet_since: datetime | None = None
    ended_at: datetime | None = None
    affected: tuple[str, ...] = ()
    alerts: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def open(self) -> bool:
        return self.ended_at is None

    @property
    def state(self) -> str:
        """open, recovered (works again, and is being watched), or ended."""
        if self.ended_at is not None:
            return "ended"
        return "recovered" if self.recovered_at is not None else "open"

    @property
    def to_detect(self) -> timedelta:
        return self.detected_at - self.began_at

    @property
    def to_act(self) -> timedelta | None:
        """From detection to the first thing done."""
        return self.acted_at - self.detected_at if self.acted_at else None

    @property
    def to_recover(self) -> timedelta | None:
        """From the first sign until everything works again."""
        return self.recovered_at - self.began_at if self.recovered_at else None


def highest(one: str, other: str) -> str:
    """The more urgent of two priorities."""
    return min(one, other)
