"""What the supervisor knows: immutable values, replaced as a whole, so that pages may read them at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.core.i18n import _
from app.supervisor.services import SERVICES, Kept


class Phase(StrEnum):
    """Where a service stands."""

    UNKNOWN = "unknown"
    STARTING = "starting"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    STOPPED = "stopped"
    MAINTENANCE = "maintenance"  # somebody holds a lease over it


class Outcome(StrEnum):
    """What a probe found."""

    OK = "ok"
    BLAMES = "blames"  # it lives, and says that something it depends on is down
    UNREADY = "unready"  # it lives, and says itself that it is not well
    SILENT = "silent"  # no answer


@dataclass(frozen=True)
class Words:
    """A sentence for people, translated when it is shown: a value, so that deciding stays pure."""

    text: str = ""
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return _(self.text, **dict(self.values)) if self.text else ""

    def __bool__(self) -> bool:
        return bool(self.text)


NOTHING = Words()


def words(text: str, **values: object) -> Words:
    """`text` (marked with N_) and what fills its {names}."""
    return Words(text, tuple(values.items()))


@dataclass(frozen=True)
class Container:
    """A container as Docker describes it."""

    id: str
    status: str  # created | running | paused | restarting | removing | exited | dead
    exit_code: int | None = None
    oom_killed: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.status in {"running", "restarting"}


@dataclass(frozen=True)
class ProbeState:
    """The last answers of a service. Moments are when the probe was begun, except `ok_at`."""

    outcome: Outcome | None = None
    at: datetime | None = None
    latency_ms: float | None = None
    detail: str = ""
    blames: tuple[str, ...] = ()
    ok_at: datetime | None = None  # the beginning of the last good probe
    misses: int = 0  # bad answers and silences in a row
    failing_since: datetime | None = None  # the beginning of the first bad probe in a row
    recovering: bool = False  # it says so itself


@dataclass(frozen=True)
class Usage:
    """What a container consumes: `cpu` in cores, memory in bytes without reclaimable cache, `disk` in bytes moved so far."""

    cpu: float = 0.0
    cpu_seconds: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    at: datetime | None = None
    disk: int = 0


class Purpose(StrEnum):
    """Why an action of ours is under way."""

    FIRST_START = "first start"
    HEALING = "healing"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Acting:
    purpose: Purpose
    since: datetime


@dataclass(frozen=True)
class ServiceState:
    """One kept service: what was seen, what was decided, and what it cost."""

    name: str
    phase: Phase = Phase.UNKNOWN
    since: datetime | None = None
    reason: Words = NOTHING
    blamed_on: str | None = None
    blamed_since: datetime | None = None  # one of `blamed_on`, without a break

    seen: bool = False  # Docker was asked about it at least once
    container: Container | None = None
    container_event_at: datetime | None = None
    start_heard_at: datetime | None = None
    running_since: datetime | None = None
    was_healthy: bool = False  # since it runs
    died_at: datetime | None = None
    probe: ProbeState = ProbeState()
    usage: Usage | None = None
    idle_since: datetime | None = None  # the first reading in a row in which it did no work worth the name

    told_to_stop_at: datetime | None = None  # somebody sent it a signal to end
    stopped_at: datetime | None = None  # it was stopped on purpose, by hand
    first_start_due: bool = False
    asked_at: datetime | None = None  # the last wish of an operator
    acting: Acting | None = None  # the action of ours that is under way
    remembered_id: str | None = None  # of its container, from before the supervisor was restarted
    refusal: str = ""  # what Docker said when it could not do what we asked
    attempts: tuple[datetime, ...] = ()  # of healing it by ourselves
    next_attempt_at: datetime | None = None
    quarantined: bool = False
    restarts: int = 0

    @property
    def running(self) -> bool:
        return self.container is not None and self.container.running

    @property
    def released(self) -> bool:
        """Whether an operator ended its quarantine, and the start that he wants of it is still to come."""
        return self.next_attempt_at is not None and self.next_attempt_at == self.asked_at


@dataclass(frozen=True)
class Disk:
    """A disk of the machine, in bytes and files; `inodes_total` is 0 where the file system has no limit.

    `name` is "" for the one that Docker's volumes share, else what of ours lies on it: "backups", "logs".
    """

    name: str
    total: int
    free: int
    inodes_total: int = 0
    inodes_free: int = 0

    @property
    def free_share(self) -> float:
        return self.free / self.total if self.total else 1.0

    @property
    def inodes_free_share(self) -> float:
        return self.inodes_free / self.inodes_total if self.inodes_total else 1.0


@dataclass(frozen=True)
class HostState:
    """The machine, as shares from 0 to 1 unless named otherwise. `disks` are those besides that of Docker's volumes."""

    cpu: float
    cpu_count: int
    load: tuple[float, float, float]
    memory_total: int
    memory_available: int
    swap_total: int
    swap_used: int
    disk_total: int
    disk_free: int
    inodes_total: int
    inodes_free: int
    booted_at: datetime
    lag: float = 0.0  # seconds by which the supervisor's own timer was late
    busy_at: datetime | None = None  # when the host was last too busy for silence to mean much
    at: datetime | None = None  # when the supervisor heard of this sample
    disks: tuple[Disk, ...] = ()

    @property
    def all_disks(self) -> tuple[Disk, ...]:
        """That of Docker's volumes first."""
        return (Disk("", self.disk_total, self.disk_free, self.inodes_total, self.inodes_free), *self.disks)


@dataclass(frozen=True)
class DockerState:
    """Whether Docker answers through its proxy; None before the first try."""

    answers: bool | None = None
    since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Measure:
    """The newest value of a figure (`Measured`)."""

    value: float
    at: datetime
    detail: str = ""


@dataclass(frozen=True)
class Lease:
    """Somebody's word that these services are being worked on: until it ends they are neither healed nor judged.

    `id` is new each time a lease is taken; `seconds` is how far its last extension reached, and bounds what a clock that was
    set back could make of `until`.
    """

    id: str
    name: str
    services: tuple[str, ...]
    holder: str
    why: str
    taken_at: datetime
    until: datetime
    seconds: float


def _unknown() -> Mapping[str, ServiceState]:
    return MappingProxyType({kept.name: ServiceState(kept.name) for kept in SERVICES})


@dataclass(frozen=True)
class State:
    """Everything `decide` works on. `kept` is in the order of the stages."""

    services: Mapping[str, ServiceState] = field(default_factory=_unknown)
    kept: tuple[Kept, ...] = SERVICES
    docker: DockerState = DockerState()
    host: HostState | None = None
    measures: Mapping[tuple[str, str], Measure] = field(default_factory=lambda: MappingProxyType({}))  # by name and subject
    leases: Mapping[str, Lease] = field(default_factory=lambda: MappingProxyType({}))  # by name

    def lease_over(self, service: str) -> Lease | None:
        """The maintenance lease that covers `service`."""
        return next((lease for lease in self.leases.values() if service in lease.services), None)

    def healthy(self, name: str) -> bool:
        return self.services[name].phase is Phase.HEALTHY

    def of_use(self, name: str) -> bool:
        """Whether others can work with it: healthy, or answering in the course of maintenance."""
        service = self.services[name]
        answers = (service.running or not service.seen) and service.probe.outcome is Outcome.OK
        return service.phase is Phase.HEALTHY or (service.phase is Phase.MAINTENANCE and answers)
