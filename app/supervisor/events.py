"""What arrives in the queue: one small value for everything that can happen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.supervisor.state import Container, HostState, Lease, Outcome, Usage


class Ask(StrEnum):
    """What an operator can ask for."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELEASE = "release"


@dataclass(frozen=True)
class Tick:
    """A second went by."""


@dataclass(frozen=True)
class Seen:
    """Docker was asked at `asked_at`; `container` is None when there is none."""

    service: str
    container: Container | None
    asked_at: datetime


@dataclass(frozen=True)
class Started:
    """`at`, here and below, is when the supervisor heard of it."""

    service: str
    container_id: str
    at: datetime


@dataclass(frozen=True)
class Signalled:
    """Somebody sent `signal` through Docker."""

    service: str
    container_id: str
    at: datetime
    signal: int


@dataclass(frozen=True)
class OutOfMemory:
    service: str
    container_id: str
    at: datetime


@dataclass(frozen=True)
class Died:
    service: str
    container_id: str
    at: datetime
    exit_code: int


@dataclass(frozen=True)
class Stopped:
    """A stop that was asked of Docker is complete (a crash has no such event)."""

    service: str
    container_id: str
    at: datetime


@dataclass(frozen=True)
class Probed:
    """A probe begun at `began_at` is over."""

    service: str
    began_at: datetime
    outcome: Outcome
    latency_ms: float | None = None
    detail: str = ""
    blames: tuple[str, ...] = ()
    recovering: bool = False


@dataclass(frozen=True)
class Used:
    service: str
    usage: Usage


@dataclass(frozen=True)
class Measured:
    """A figure that no probe gives. `subject` tells two of one name apart; `detail` is the evidence, for people."""

    name: str
    value: float
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True)
class HostSampled:
    host: HostState


@dataclass(frozen=True)
class DockerAnswers:
    pass


@dataclass(frozen=True)
class DockerSilent:
    reason: str


@dataclass(frozen=True)
class ActionDone:
    """An action of ours is over. `reached` is False when Docker never heard of it."""

    service: str
    ok: bool
    reached: bool = True
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """An operator's wish, from the page or the command. `lease` names the maintenance in whose course it is done."""

    service: str
    ask: Ask
    who: str
    reason: str = ""
    lease: str = ""


@dataclass(frozen=True)
class LeaseTaken:
    """Maintenance begins. Of one name and holder it takes the place of the lease before: a holder who came back goes on."""

    lease: Lease


@dataclass(frozen=True)
class LeaseExtended:
    """The holder of lease `id` lives and needs it for `seconds` from now."""

    id: str
    seconds: float


@dataclass(frozen=True)
class LeaseReleased:
    """Maintenance is over, or `who` says so."""

    id: str
    who: str


LeaseEvent = LeaseTaken | LeaseExtended | LeaseReleased
ContainerEvent = Started | Signalled | OutOfMemory | Died | Stopped
Event = (
    Tick
    | Seen
    | ContainerEvent
    | Probed
    | Used
    | Measured
    | HostSampled
    | DockerAnswers
    | DockerSilent
    | ActionDone
    | Asked
    | LeaseEvent
)
