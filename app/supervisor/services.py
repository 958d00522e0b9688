"""What is kept: the services of the appliance, in which order they start, what each needs, and how it is asked."""

from dataclasses import dataclass
from enum import StrEnum


class ProbeKind(StrEnum):
    """One file in `probes/` each."""

    MONGODB = "mongodb"
    REDIS = "redis"
    HTTP = "http"
    WEBSOCKET = "websocket"
    EDGE = "edge"


@dataclass(frozen=True)
class Kept:
    """One service.

    depends_on    what it cannot work without; it is not (re)started and not blamed while one of these is down
    fronts        what its probe reaches through it; a failure there is not its own, but it is of use alone
    start_seconds how long it may stay silent after its start, recovery of a journal included
    stop_seconds  how long it gets to end by itself before Docker kills it
    recovers      it replays a journal before it answers; while it is at work on that it is never killed, however long it takes
    """

    name: str
    stage: int
    probe: ProbeKind
    depends_on: tuple[str, ...] = ()
    fronts: tuple[str, ...] = ()
    core: bool = True
    start_seconds: float = 60.0
    stop_seconds: int = 10
    recovers: bool = False


SERVICES: tuple[Kept, ...] = (
    Kept("mongodb", 1, ProbeKind.MONGODB, start_seconds=300, stop_seconds=60, recovers=True),
    Kept("redis", 1, ProbeKind.REDIS, start_seconds=120, stop_seconds=30, recovers=True),
    Kept("backend", 2, ProbeKind.HTTP, depends_on=("mongodb", "redis")),
    Kept("realtime", 2, ProbeKind.WEBSOCKET, depends_on=("redis",)),
    Kept("worker", 2, ProbeKind.HTTP, depends_on=("mongodb", "redis"), start_seconds=90, stop_seconds=30),
    Kept("ai", 3, ProbeKind.HTTP, depends_on=("mongodb",), start_seconds=120),
    Kept("nginx", 4, ProbeKind.EDGE, fronts=("backend",)),
)

# Beside the stages, restarted by Docker as the supervisor itself is (docs/decisions/0110): looked at, never touched.
BESIDE = ("backup", "drill")

# The stages as people read them; 0 is Docker's: the supervisor itself and its proxy.
STAGES = {1: "data", 2: "api", 3: "ai", 4: "edge"}


def by_name(services: tuple[Kept, ...] = SERVICES) -> dict[str, Kept]:
    """The services by their name."""
    return {kept.name: kept for kept in services}
