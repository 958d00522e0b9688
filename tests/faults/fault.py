"""One fault as data: what is done, who must be blamed for it, who may be restarted, and what people must be told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.rig import Rig

Step = Callable[["Rig"], object]


class Pace(StrEnum):
    """How long a rule waits: `alert_settings` writes it into alerts.toml, where an operator would."""

    PROMPT = "prompt"  # told at once and kept for 12 s, so that what is healed in two seconds is told as well
    SOON = "soon"  # three seconds, for what shows at several services and is healed before ten have passed
    PATIENT = "patient"  # ten seconds, for what shows at several services before its root is known
    DELIVERED = "as delivered"


class Healer(StrEnum):
    """Who puts an end to it."""

    SUPERVISOR = "the supervisor"
    DOCKER = "Docker"
    UNDONE = "the end of the fault"
    OPERATOR = "an operator's release"


def nothing(_rig: "Rig") -> None:
    """No step."""


@dataclass(frozen=True)
class Fault:
    """A case of the matrix.

    inject    does it; `stands` returns true when it has stood long enough, `undo` ends it (also after a failed case)
    blamed    the causes that incidents must name; () when nothing may be blamed. `suspects` may be named besides: "host", when
              the machine was so busy that silence could mean waiting
    restarted the services that must have been restarted, and nobody else; `maybe` may have been besides
    told      the alerts ("service_down redis") of which people are told, each once on each channel; `perhaps` may be besides
    messages  how many messages each channel gets for all of them, at least and at most; by default one
    proof     looks for more, and returns what speaks against it
    only_with the environment variable that has to be 1 for a case that harms more of the machine than the appliance
    """

    name: str
    family: str
    inject: Step
    blamed: tuple[str, ...]
    told: tuple[str, ...]
    restarted: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ("host",)
    messages: tuple[int, int] | None = None
    healed_by: Healer = Healer.SUPERVISOR
    stands: Step = lambda _rig: True
    undo: Step = nothing
    proof: Callable[["Rig"], str] = lambda _rig: ""
    pace: Pace = Pace.PROMPT
    unwell: bool = True  # a service is seen failed or degraded
    only_with: str = ""
    limit: float = 180.0  # seconds for each of detection, standing and recovery


@dataclass
class Measured:
    """What came of one case. Seconds from the injection; `recovered` from the end of the fault where that is what ends it."""

    name: str
    family: str
    healed_by: str
    detected: float | None = None
    blamed: list[str] = field(default_factory=list)
    acted: float | None = None
    action: str = ""
    recovered: float | None = None
    told: dict[str, list[str]] = field(default_factory=dict)  # alerts by channel, those of one message joined
    told_after: float | None = None
    written: int = 0
    lost: int = 0
    false_alarms: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
