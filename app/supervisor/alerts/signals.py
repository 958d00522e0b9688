"""What the rules look at: every figure the supervisor knows, under a fixed name. Pure.

A signal that is absent says nothing: it fires no alert, and it ends none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.i18n import _
from app.supervisor.decide.attribution import vouched
from app.supervisor.host.disks import words_for
from app.supervisor.services import Kept
from app.supervisor.state import Disk, HostState, Measure, Phase, ServiceState, State

STALE = timedelta(minutes=15)  # a figure older than this says nothing any more
_SLOW = {"certificate_days": timedelta(hours=3)}  # measured each hour
HOST = "host"
_SETTLED = timedelta(seconds=60)  # how long a restarted service must have been well before the restart is told on its own
_TOLD_FOR = timedelta(minutes=15)  # and how long the restart is news
_FIRST_START = timedelta(seconds=180)
_ON_PURPOSE = frozenset({Phase.STOPPED, Phase.MAINTENANCE})
_UNSETTLED = frozenset({Phase.MAINTENANCE, Phase.STARTING, Phase.UNKNOWN})
_STEADY = frozenset({Phase.HEALTHY, Phase.STOPPED})
_WINDOW = timedelta(minutes=5)  # what figures of requests and queries look back on
_OF_THE_WHOLE = ("api_", "db_", "queue_")

Key = tuple[str, str]  # name of the signal, subject


@dataclass(frozen=True)
class Signal:
    """One figure now. `cause` is the root of what it shows: a service, "host", or "" when it is its own. While it is `unsure`
    whose trouble it is, nobody is told."""

    value: float
    detail: str = ""
    cause: str = ""
    unsure: bool = False


Signals = Mapping[Key, Signal]


def read_signals(state: State, now: datetime) -> dict[Key, Signal]:
    """Every signal that `state` gives; stale measures are left out (`stale_measures` names them)."""
    signals: dict[Key, Signal] = {}
    for kept in state.kept:
        for name, signal in _service(kept, state, now):
            signals[name, kept.name] = signal
    if state.docker.answers is not None:
        signals["docker_silent", ""] = Signal(float(not state.docker.answers), state.docker.reason)
    if state.host is not None:
        signals.update(_host(state.host))
    settled = _settled(state, now)
    for (name, subject), measure in state.measures.items():
        if not _is_stale(name, measure, now) and (settled or not name.startswith(_OF_THE_WHOLE)):
            value = abs(measure.value) if name == "clock_drift_s" else measure.value
            signals[name, subject] = Signal(value, measure.detail)
    return signals


def stale_measures(state: State, now: datetime) -> dict[Key, datetime]:
    """The figures that nobody has renewed, and since when."""
    return {key: measure.at for key, measure in state.measures.items() if _is_stale(key[0], measure, now)}


def _is_stale(name: str, measure: Measure, now: datetime) -> bool:
    return now - measure.at > _SLOW.get(name, STALE)


def _settled(state: State, now: datetime) -> bool:
    """Whether figures of the whole mean anything: not in maintenance, nor while they look back on a start."""
    return not any(
        service.phase in _UNSETTLED or (service.phase in _STEADY and service.since is not None and now - service.since < _WINDOW)
        for service in state.services.values()
    )


def _service(kept: Kept, state: State, now: datetime) -> Iterator[tuple[str, Signal]]:
    service = state.services[kept.name]
    if service.phase in {Phase.UNKNOWN, Phase.MAINTENANCE}:
        return
    root = _root(kept, service, state)
    on_purpose = root != kept.name and root in state.services and state.services[root].phase in _ON_PURPOSE
    down = None if on_purpose else _is_down(kept, service, now)
    if down is not None:
        unsure = service.phase is Phase.DEGRADED and _unsure(kept, service, state)
        yield "service_down", Signal(1.0, _state(service), root, unsure) if down else Signal(0.0)
    quarantined = service.phase is Phase.QUARANTINED
    yield "service_quarantined", Signal(float(quarantined), str(service.reason) if quarantined else "", kept.name)
    stopped = service.phase is Phase.STOPPED
    yield "service_stopped", Signal(float(stopped), str(service.reason) if stopped else "", kept.name)
    yield "service_restarted", _restarted(kept, service, now)


def _state(service: ServiceState) -> str:
    if not service.reason:
        return _("{service} is {phase}", service=service.name, phase=service.phase.value)
    return _("{service} is {phase}: {reason}", service=service.name, phase=service.phase.value, reason=service.reason)


def _is_down(kept: Kept, service: ServiceState, now: datetime) -> bool | None:
    """None while it cannot be told: a first start in its time, or what a person has stopped."""
    match service.phase:
        case Phase.FAILED | Phase.QUARANTINED | Phase.DEGRADED:
            return True
        case Phase.HEALTHY | Phase.STOPPED:
            return False
        case Phase.STARTING:
            patience = max(timedelta(seconds=kept.start_seconds), _FIRST_START)
            healing = bool(service.attempts) and now - service.attempts[-1] < patience
            late = service.since is not None and now - service.since >= patience
            return True if healing or late else None
    return None


def _unsure(kept: Kept, service: ServiceState, state: State) -> bool:
    """Whether something on its way has lost an answer and may turn out to be the one, or has yet to answer at all."""
    if service.blamed_on is None and not vouched(kept, service, state):
        return True
    return any(state.of_use(name) and state.services[name].probe.misses for name in _way(kept, state))


def _way(kept: Kept, state: State) -> set[str]:
    """Everything that `kept` depends on or stands before, to the far end."""
    near = {*kept.depends_on, *kept.fronts}
    return near.union(*(_way(other, state) for other in state.kept if other.name in near))


def _root(kept: Kept, service: ServiceState, state: State) -> str:
    """Whom it waits for or blames, else itself."""
    named = dict(service.reason.values).get("service") if service.phase is Phase.STARTING else None
    root = service.blamed_on or (str(named) if named else kept.name)
    if root in state.services and not state.of_use(root):
        return root
    return _last_before(root, kept, state) or root


def _last_before(root: str, kept: Kept, state: State) -> str | None:
    """The last service on the way to `root`, when that is the host, or well itself as a database is whose password fits no
    more: there people must look."""
    for other in state.kept:
        if other.name in {*kept.depends_on, *kept.fronts} and state.services[other.name].blamed_on == root:
            return _last_before(root, other, state) or other.name
    return None


def _restarted(kept: Kept, service: ServiceState, now: datetime) -> Signal:
    """1 or more once a healed service has settled: while it still falls, `service_down` and quarantine speak for it."""
    recent = [moment for moment in service.attempts if now - moment < _TOLD_FOR]
    settled = service.phase is Phase.HEALTHY and service.since is not None and now - service.since >= _SETTLED
    if not recent or not settled:
        return Signal(0.0, "", kept.name)
    text = _("{service} was restarted {count} times within 15 minutes and is well again", service=kept.name, count=len(recent))
    return Signal(float(len(recent)), text, kept.name)


def _host(host: HostState) -> dict[Key, Signal]:
    used = 1 - host.memory_available / host.memory_total if host.memory_total else 0.0
    found = {
        "host_cpu": (host.cpu, _("{percent} % of the processors are taken", percent=round(host.cpu * 100))),
        "host_memory": (used, _("{percent} % of the memory is taken", percent=round(used * 100))),
    }
    if host.swap_total:
        share = host.swap_used / host.swap_total
        found["host_swap"] = (share, _("{percent} % of the swap space is taken", percent=round(share * 100)))
    signals = {(name, ""): Signal(value, detail, HOST) for name, (value, detail) in found.items()}
    for disk in host.all_disks:
        signals |= _disk(disk)
    return signals


def _disk(disk: Disk) -> dict[Key, Signal]:
    """Room for bytes and for files, by the disk's name."""
    which, share = words_for(disk.name), disk.free_share
    text = _("{percent} % of {disk} is free", percent=round(share * 100, 1), disk=which)
    found = {("disk_free_share", disk.name): Signal(share, text, HOST)}
    if disk.inodes_total:
        share = disk.inodes_free_share
        text = _("{percent} % of the files that {disk} can hold can still be made", percent=round(share * 100, 1), disk=which)
        found["inodes_free_share", disk.name] = Signal(share, text, HOST)
    return found
