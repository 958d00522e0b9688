"""Facts: what an event says, written down without judging it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from app.supervisor.events import (
    ActionDone,
    ContainerEvent,
    Died,
    DockerAnswers,
    DockerSilent,
    Event,
    HostSampled,
    Measured,
    OutOfMemory,
    Probed,
    Seen,
    Signalled,
    Started,
    Stopped,
    Tick,
    Used,
)
from app.supervisor.state import (
    Container,
    DockerState,
    HostState,
    Measure,
    Outcome,
    ProbeState,
    Purpose,
    ServiceState,
    State,
    Usage,
)

BUSY = 0.95  # share of all processors from which the host counts as busy
LATE = 1.0  # seconds by which our own timer may be late before it does
WORK_CPU = 0.05  # cores, and bytes moved between two readings, from which a process is at work: an idle database takes 0.01
WORK_DISK = 1_000_000
ENDING_SIGNALS = frozenset({2, 3, 15})  # what `docker stop` may send; 9 alone is a blow, not a wish


def observe(state: State, event: Event, now: datetime) -> State:
    """`state` with what `event` says."""
    match event:
        case DockerAnswers():
            return state if state.docker.answers else replace(state, docker=DockerState(True, now))
        case DockerSilent():
            since = state.docker.since if state.docker.answers is False else now
            return replace(state, docker=DockerState(False, since, event.reason))
        case HostSampled():
            return replace(state, host=_busy(state.host, event.host, now))
        case Measured():
            measure = Measure(event.value, now, event.detail)
            return replace(state, measures=MappingProxyType({**state.measures, (event.name, event.subject): measure}))
        case Tick():
            return state
        case Seen() | Started() | Signalled() | OutOfMemory() | Died() | Stopped() | Probed() | Used() | ActionDone():
            if event.service not in state.services:
                return state
            service = _SERVICE_FACTS[type(event)](state.services[event.service], event, now)
            return replace(state, services=MappingProxyType({**state.services, event.service: service}))
        case _:
            raise TypeError(f"{type(event).__name__} is no fact")


def _busy(before: HostState | None, host: HostState, now: datetime) -> HostState:
    if host.cpu >= BUSY or host.lag >= LATE:
        return replace(host, busy_at=now, at=now)
    return replace(host, busy_at=before.busy_at if before else None, at=now)


def _seen(service: ServiceState, event: Seen, now: datetime) -> ServiceState:
    """A look at the container; one that began before the last event is older than what we know."""
    if service.container_event_at is not None and event.asked_at < service.container_event_at:
        return service
    container = event.container
    known_id = service.container.id if service.container else service.remembered_id
    probe, was_healthy = service.probe, service.was_healthy
    if container is None:
        return replace(service, seen=True, container=None, remembered_id=known_id, running_since=None, first_start_due=False)
    if known_id is not None and known_id != container.id:
        service = _made_anew(service)
    left_alone = service.quarantined or service.stopped_at is not None
    first_look = service.container is None or service.container.id != container.id
    was_running, ran_since = service.running, service.running_since
    service = replace(service, seen=True, container=container)
    if container.running and not was_running:
        since = container.started_at if first_look and container.started_at and container.started_at < now else now
        service = _runs(service, since)
        asked_since = probe.at is not None and probe.at >= since  # before Docker was: what was learned then counts
        return replace(service, probe=probe, was_healthy=was_healthy) if asked_since else service
    if container.running:
        return replace(service, running_since=ran_since, stopped_at=None)
    service = replace(service, running_since=None, died_at=service.died_at or now)
    return replace(service, first_start_due=not left_alone) if first_look else service


def _started(service: ServiceState, event: Started, now: datetime) -> ServiceState:
    """It runs. A look, or the end of our own call, may have told before: then this is no second start."""
    service = replace(_same_container(service, event), start_heard_at=event.at)
    if service.quarantined and service.acting is None:  # somebody took it out of quarantine by hand
        service = replace(service, quarantined=False, attempts=())
    assert service.container is not None
    if service.running:
        return service
    container = replace(service.container, status="running", exit_code=None, oom_killed=False)
    return _runs(replace(service, container=container), now)


def _signalled(service: ServiceState, event: Signalled, now: datetime) -> ServiceState:
    service = _same_container(service, event)
    if event.signal in ENDING_SIGNALS and service.acting is None:
        return replace(service, told_to_stop_at=now)
    return service


def _out_of_memory(service: ServiceState, event: OutOfMemory, _now: datetime) -> ServiceState:
    service = _same_container(service, event)
    assert service.container is not None
    return replace(service, container=replace(service.container, oom_killed=True))


def _died(service: ServiceState, event: Died, now: datetime) -> ServiceState:
    service = _same_container(service, event)
    assert service.container is not None
    container = replace(service.container, status="exited", exit_code=event.exit_code)
    return replace(service, container=container, died_at=now, running_since=None, usage=None)


def _stopped(service: ServiceState, event: Stopped, now: datetime) -> ServiceState:
    service = _same_container(service, event)
    if service.acting is not None or service.running:
        return service  # our own restart, or it runs again already
    return replace(service, stopped_at=now, first_start_due=False)


def _probed(service: ServiceState, event: Probed, _now: datetime) -> ServiceState:
    """An answer; one from before the container (re)started says nothing about it now."""
    if service.container is not None and not service.running:
        return service
    if service.running_since is not None and event.began_at < service.running_since:
        return service
    ok = event.outcome is Outcome.OK
    probe = ProbeState(
        outcome=event.outcome,
        at=event.began_at,
        latency_ms=event.latency_ms,
        detail=event.detail,
        blames=event.blames,
        ok_at=event.began_at if ok else service.probe.ok_at,
        misses=0 if ok else service.probe.misses + 1,
        failing_since=None if ok else service.probe.failing_since or event.began_at,
        recovering=event.recovering,
    )
    return replace(service, probe=probe, was_healthy=service.was_healthy or ok)


def _used(service: ServiceState, event: Used, now: datetime) -> ServiceState:
    if not service.running:
        return service
    idle = service.usage is not None and not _worked(service.usage, event.usage)  # a first reading says nothing
    return replace(service, usage=event.usage, idle_since=service.idle_since or now if idle else None)


def _worked(before: Usage, after: Usage) -> bool:
    return after.cpu >= WORK_CPU or after.disk - before.disk >= WORK_DISK


def _action_done(service: ServiceState, event: ActionDone, now: datetime) -> ServiceState:
    acting = service.acting
    if acting is None:
        return service
    healing = acting.purpose is Purpose.HEALING
    restarts = service.restarts + (1 if healing and event.reached else 0)
    service = replace(service, acting=None, next_attempt_at=None, restarts=restarts, refusal="" if event.ok else event.detail)
    if event.ok:
        heard = service.start_heard_at is not None and service.start_heard_at >= acting.since
        if heard or service.stopped_at is not None or service.container is None:
            return service  # Docker's own events know better than the end of the call
        # Its start is not heard of yet, so that an end which was heard is that of before: events may be late.
        return _runs(replace(service, container=replace(service.container, status="running", exit_code=None)), acting.since)
    if event.reached:
        return service
    if acting.purpose is Purpose.FIRST_START:
        return replace(service, first_start_due=True)
    if healing:  # Docker never heard of it, so it costs nothing
        return replace(service, attempts=service.attempts[:-1])
    return service


def _runs(service: ServiceState, since: datetime) -> ServiceState:
    """It runs since `since`: nothing is known about it yet."""
    return replace(
        service,
        running_since=since,
        was_healthy=False,
        died_at=None,
        probe=ProbeState(),
        told_to_stop_at=None,
        stopped_at=None,
        first_start_due=False,
        next_attempt_at=None,
        refusal="",
        idle_since=None,
    )


def _made_anew(service: ServiceState) -> ServiceState:
    """Another container took the name (an update, `up --force-recreate`): what the old one did is not held against it."""
    return ServiceState(
        service.name,
        phase=service.phase,
        since=service.since,
        seen=service.seen,
        acting=service.acting,
        restarts=service.restarts,
    )


def _same_container(service: ServiceState, event: ContainerEvent) -> ServiceState:
    """`service` with the container that `event` is about, and the moment it was heard of."""
    known_id = service.container.id if service.container else service.remembered_id
    if known_id is not None and known_id != event.container_id:
        service = _made_anew(service)
    if service.container is None or service.container.id != event.container_id:
        service = replace(service, container=Container(event.container_id, "created"))
    return replace(service, seen=True, container_event_at=event.at)


_SERVICE_FACTS: dict[type, Callable[..., ServiceState]] = {
    Seen: _seen,
    Started: _started,
    Signalled: _signalled,
    OutOfMemory: _out_of_memory,
    Died: _died,
    Stopped: _stopped,
    Probed: _probed,
    Used: _used,
    ActionDone: _action_done,
}
