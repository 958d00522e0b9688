"""Leases: services that somebody works on are left alone until the lease ends; then they are judged anew."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from app.core.i18n import N_
from app.supervisor.actions import Action, Note
from app.supervisor.events import LeaseEvent, LeaseExtended, LeaseReleased, LeaseTaken
from app.supervisor.state import Lease, Outcome, ProbeState, ServiceState, State, Words, words

ABOUT = "maintenance"  # what the journal's lines on leases are filed under


def conflict(state: State, lease: Lease) -> Lease | None:
    """The lease that stands in the way of `lease`. A holder's own lease of the same name does not: it is taken over."""
    for other in state.leases.values():
        if _same(other, lease):
            continue
        if other.name == lease.name or set(other.services) & set(lease.services):
            return other
    return None


def change(state: State, event: LeaseEvent, now: datetime) -> tuple[State, list[Action]]:
    """The state after a lease was taken, extended or released; what does not fit changes nothing."""
    match event:
        case LeaseTaken():
            return _take(state, event.lease)
        case LeaseExtended():
            lease = by_id(state, event.id)
            if lease is None:
                return state, []
            until = now + timedelta(seconds=event.seconds)
            return _with(state, replace(lease, until=until, seconds=event.seconds)), []
        case LeaseReleased():
            lease = by_id(state, event.id)
            if lease is None:
                return state, []
            text = words(N_("maintenance {name} is over, says {who}"), name=lease.name, who=event.who)
            return _without(state, lease), [Note(ABOUT, text)]


def expire(state: State, now: datetime) -> tuple[State, list[Action]]:
    """The state without the leases whose holders let them run out."""
    notes: list[Action] = []
    for lease in state.leases.values():
        if lease.until <= now:
            text = N_("maintenance {name} is over: its time was up and {holder} did not extend it; its services are judged anew")
            notes.append(Note(ABOUT, words(text, name=lease.name, holder=lease.holder), bad=_was_renewed(lease)))
            state = _without(state, lease)
    return state, notes


def _was_renewed(lease: Lease) -> bool:
    """Whether its holder kept extending it: then its end by itself means that the holder died."""
    return lease.until > lease.taken_at + timedelta(seconds=lease.seconds)


def by_id(state: State, lease_id: str) -> Lease | None:
    """The lease that holds under `lease_id`."""
    return next((lease for lease in state.leases.values() if lease.id == lease_id), None)


def _take(state: State, lease: Lease) -> tuple[State, list[Action]]:
    if conflict(state, lease) is not None or not lease.services or not set(lease.services) <= state.services.keys():
        return state, []
    before = state.leases.get(lease.name)
    if before is not None:
        dropped = replace(before, services=tuple(name for name in before.services if name not in lease.services))
        state = _without(state, dropped)
        lease = replace(lease, taken_at=before.taken_at)
    return _with(state, lease), [Note(ABOUT, _begins(lease))]


def _same(one: Lease, other: Lease) -> bool:
    return (one.name, one.holder) == (other.name, other.holder)


def _begins(lease: Lease) -> Words:
    text = N_("maintenance {name} of {services} by {holder}: {why}")
    return words(text, name=lease.name, services=", ".join(lease.services), holder=lease.holder, why=lease.why)


def _with(state: State, lease: Lease) -> State:
    return replace(state, leases=MappingProxyType({**state.leases, lease.name: lease}))


def _without(state: State, lease: Lease) -> State:
    leases = {name: other for name, other in state.leases.items() if name != lease.name}
    services = dict(state.services)
    for name in lease.services:
        services[name] = _anew(services[name], lease)
    return replace(state, leases=MappingProxyType(leases), services=MappingProxyType(services))


def _anew(service: ServiceState, lease: Lease) -> ServiceState:
    """What happened in the course of maintenance is held against nobody.

    What was stopped in it starts in its turn; what was stopped by hand before, or quarantined, stays so. Misses do not count:
    a service gets the time of a fresh start to answer.
    """
    service = replace(service, next_attempt_at=None, refusal="", told_to_stop_at=None)
    if service.probe.outcome is not Outcome.OK:
        service = replace(service, probe=ProbeState(), was_healthy=False)
    if service.stopped_at is not None and service.stopped_at >= lease.taken_at:
        service = replace(service, stopped_at=None)
    left_alone = service.quarantined or service.stopped_at is not None
    if service.container is None or service.running or left_alone:
        return service
    return replace(service, first_start_due=True)
