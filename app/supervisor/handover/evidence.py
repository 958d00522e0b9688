"""What a handover report is made of: everything that was found at one moment, as values. What was not found is None or absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Running:
    """One container; `trouble` says why Docker could not be asked. `memory` is its limit in bytes, 0 for none."""

    name: str
    state: str = ""
    since: datetime | None = None
    stage: str = ""
    needs: tuple[str, ...] = ()
    image: str = ""
    digest: str = ""
    memory: int = 0
    networks: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Uptime:
    """Seconds of one service within the week: `up`, `down` although it should have worked, `planned` on purpose.

    For the rest nobody looked. `share` is that of the time it should have worked, None when it was never to.
    """

    service: str
    up: float
    down: float
    planned: float
    share: float | None

    @property
    def seen(self) -> float:
        """The share of the week that the supervisor saw."""
        return min((self.up + self.down + self.planned) / WEEK.total_seconds(), 1.0)


@dataclass(frozen=True)
class Finding:
    """One line of the security audit that is not in order."""

    verdict: str
    title: str
    evidence: str
    remedy: str


@dataclass(frozen=True)
class Audit:
    """The doctor's last examination. `facts_at` is when the machine itself was last looked at, `chain` the audit trail's line."""

    at: datetime
    why: str
    problems: int
    warnings: int
    unknown: int
    fine: int
    facts_at: datetime | None
    chain: str
    chain_whole: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Saved:
    """The newest backup that can be used."""

    id: str
    at: datetime
    seconds: float
    size: int
    documents: int
    server_version: str


@dataclass(frozen=True)
class Copied:
    """The newest copy of a backup elsewhere."""

    id: str
    at: datetime
    target: str


@dataclass(frozen=True)
class Proven:
    """The newest restore into a throwaway database, and what came of it."""

    id: str
    at: datetime
    ok: bool
    reason: str = ""
    seconds: float = 0
    restore_seconds: float = 0
    documents: int = 0
    collections: int = 0


@dataclass(frozen=True)
class LoadTest:
    """The load step of the last recovery test."""

    report: str
    at: datetime
    good: bool
    text: str


@dataclass(frozen=True)
class RuleLine:
    """One alert rule with its last test, and when it last fired in earnest."""

    name: str
    title: str
    priority: str
    condition: str
    off: bool = False
    tested_at: datetime | None = None
    tested_by: str = ""
    good: bool = False
    told: bool = False
    text: str = ""
    fired_at: datetime | None = None


@dataclass(frozen=True)
class Contact:
    """Somebody to turn to."""

    tier: str
    name: str
    mail: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Route:
    """One channel, and when it last delivered a message or test."""

    name: str
    kind: str
    tier: str
    priorities: tuple[str, ...]
    delivered_at: datetime | None = None


@dataclass(frozen=True)
class Deadline:
    """Of one priority: when somebody must have answered and when it is to be over, and who is told first."""

    priority: str
    respond: timedelta
    resolve: timedelta
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something that is open. `urgency` is P1 to P4, problem, warning or overdue."""

    about: str
    urgency: str
    text: str
    since: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """One look at everything; `silence` says of a part why it could not be told."""

    now: datetime
    name: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    running: tuple[Running, ...] = ()
    uptime: tuple[Uptime, ...] = ()
    audit: Audit | None = None
    saved: Saved | None = None
    copied: Copied | None = None
    proven: Proven | None = None
    load: LoadTest | None = None
    rules: tuple[RuleLine, ...] = ()
    contacts: tuple[Contact, ...] = ()
    channels: tuple[Route, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    problems: tuple[Problem, ...] = ()
    silence: Mapping[str, str] = field(default_factory=dict)  # part -> why
