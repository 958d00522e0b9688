"""Which figures are recorded, and how a chart of each is labelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.i18n import N_
from app.supervisor.state import Outcome, Phase, ServiceState, State

Key = tuple[str, str]  # name, subject: a service, "" for the host or what has no subject
_ELSEWHERE = frozenset({"doctor_problem"})  # one a check: the doctor keeps its own records, and places for series are few
_FRESH = timedelta(minutes=10)  # a measure that nobody renewed for so long is not known any more


@dataclass(frozen=True)
class Figure:
    """`unit` is one of share, cores, bytes, ms, count."""

    name: str
    label: str
    unit: str


SERVICE_FIGURES = (
    Figure("cpu", N_("Processor"), "cores"),
    Figure("memory", N_("Memory"), "bytes"),
    Figure("latency_ms", N_("Probe"), "ms"),
    Figure("up", N_("Healthy"), "share"),
    Figure("restarts", N_("Restarts so far"), "count"),
)
HOST_FIGURES = (
    Figure("host_cpu", N_("Processors"), "share"),
    Figure("host_memory_used", N_("Memory in use"), "bytes"),
    Figure("host_disk_free", N_("Disk free"), "bytes"),
    Figure("host_load", N_("Load"), "count"),
    Figure("host_swap_used", N_("Swap in use"), "bytes"),
    Figure("host_inodes_free", N_("Files that can still be made"), "count"),
)


def figures(state: State, now: datetime) -> dict[Key, float]:
    """Everything that is known at this moment; what is not known is absent."""
    found: dict[Key, float] = {}
    for name, service in state.services.items():
        found |= {(figure, name): value for figure, value in _service(service).items()}
    found |= {(figure, ""): value for figure, value in _host(state).items()}
    if state.host is not None:
        found |= {("host_disk_free", disk.name): disk.free for disk in state.host.disks}
    for key, measure in state.measures.items():
        if now - measure.at < _FRESH and key[0] not in _ELSEWHERE:
            found[key] = measure.value
    return found


def _service(service: ServiceState) -> Mapping[str, float]:
    if service.phase is Phase.UNKNOWN:
        return {}
    found: dict[str, float] = {"up": float(service.phase is Phase.HEALTHY), "restarts": service.restarts}
    if service.running and service.usage is not None:
        found |= {"cpu": service.usage.cpu, "memory": service.usage.memory}
    if service.running and service.probe.outcome is Outcome.OK and service.probe.latency_ms is not None:
        found["latency_ms"] = service.probe.latency_ms
    return found


def _host(state: State) -> Mapping[str, float]:
    host = state.host
    if host is None:
        return {}
    return {
        "host_cpu": host.cpu,
        "host_memory_used": host.memory_total - host.memory_available,
        "host_swap_used": host.swap_used,
        "host_disk_free": host.disk_free,
        "host_load": host.load[0],
        "host_inodes_free": host.inodes_free,
    }
