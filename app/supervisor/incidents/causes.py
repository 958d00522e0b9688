"""Which failures make an incident, and whether one is over: pure."""

from datetime import datetime, timedelta

from app.supervisor.decide.attribution import HOST
from app.supervisor.incidents.incident import Incident
from app.supervisor.state import Phase, ServiceState, State

_DOWN = frozenset({Phase.FAILED, Phase.QUARANTINED})
_ON_PURPOSE = frozenset({Phase.STOPPED, Phase.MAINTENANCE})
_WELL = frozenset({Phase.HEALTHY, *_ON_PURPOSE})
_COMING = frozenset({Phase.UNKNOWN, Phase.STARTING})  # as every service is when the supervisor itself comes up
_LASTING = timedelta(seconds=15)  # beyond what those behind a service need to notice that it is back


def failures(state: State, now: datetime) -> dict[str, list[str]]:
    """The services that do not work, by the root of it. What a person stopped, and what waits for that, is none."""
    found: dict[str, list[str]] = {}
    for name, service in state.services.items():
        cause = _waited_for(service.blamed_on or name, state)
        if _is_failure(service, cause, state, now):
            found.setdefault(cause, []).append(name)
    return found


def _waited_for(cause: str, state: State) -> str:
    """Whom `cause` itself waits for with its first start: its stage does not open, and that one is the root."""
    service = state.services.get(cause)
    if service is None or service.phase is not Phase.STARTING:
        return cause
    named = str(dict(service.reason.values).get("service", ""))
    return named if named in state.services else cause


def well(incident: Incident, state: State) -> bool:
    """Whether none of the affected services still suffers from this cause."""
    for name in incident.affected:
        service = state.services.get(name)
        if service is None or service.phase in _WELL or service.blamed_on not in {None, incident.cause}:
            continue
        if incident.recovered_at is not None and service.phase in _COMING:
            continue
        if not _another_matter(incident, state):
            return False
    return True


def _another_matter(incident: Incident, state: State) -> bool:
    """Whether the cause is well, so that what it once affected, and had recovered, fails by itself.

    One that blames it still has not been asked since the cause became well from something else.
    """
    root = state.services.get(incident.cause)
    return incident.recovered_at is not None and root is not None and root.phase in _WELL


def real_cause(incident: Incident, state: State) -> str | None:
    """Whom the service that was taken for the cause turns out to suffer from; None while it stays the cause."""
    service = state.services.get(incident.cause)
    if incident.recovered_at is not None or service is None or service.phase in _WELL:
        return None
    return service.blamed_on


def began(service: ServiceState, now: datetime) -> datetime:
    """The first sign of its failure; answers that were lost while it had not come up yet are none."""
    lost = service.probe.failing_since if service.was_healthy else None
    moments = [service.died_at, lost, service.since if service.phase in _DOWN else None]
    return min((moment for moment in moments if moment is not None), default=now)


def _is_failure(service: ServiceState, cause: str, state: State, now: datetime) -> bool:
    root = state.services.get(cause)
    if root is not None and root.phase in _ON_PURPOSE:
        return False
    if service.phase in _DOWN:
        return cause in {service.name, HOST} or root is None or root.phase in _DOWN or _lasts(service, now)
    if service.phase is not Phase.DEGRADED or service.blamed_on is None:
        return False
    return (root is not None and root.phase in _DOWN) or _lasts(service, now)


def _lasts(service: ServiceState, now: datetime) -> bool:
    """Whether it has suffered from the same one for long enough: who is blamed may change while it is unwell."""
    begun = service.blamed_since or service.since
    return begun is not None and now - begun >= _LASTING
