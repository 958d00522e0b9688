"""An operator's wish: it counts more than any budget, and it ends a quarantine."""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from app.core.i18n import N_
from app.supervisor.actions import Action, Note, Restart, Start, Stop
from app.supervisor.events import Ask, Asked
from app.supervisor.services import Kept
from app.supervisor.state import NOTHING, Acting, Purpose, ServiceState, State, Words, words


def refusal(state: State, event: Asked) -> Words:
    """Why the wish cannot be granted now; nothing when it can."""
    service = state.services.get(event.service)
    if service is None:
        return words(N_("There is no such service."))
    lease = state.lease_over(event.service)
    if lease is not None and event.lease != lease.name:
        text = N_("{holder} works on it until {until} UTC: {why}. End the maintenance “{name}” first.")
        return words(text, holder=lease.holder, until=f"{lease.until:%H:%M}", why=lease.why, name=lease.name)
    if event.lease and lease is None:
        return words(N_("The maintenance “{name}” is over or does not cover it."), name=event.lease)
    if event.ask is Ask.RELEASE:
        return NOTHING if service.quarantined else words(N_("It is not in quarantine."))
    if service.acting is not None:
        return words(N_("Something is being done to it already; try again in a moment."))
    if not state.docker.answers:
        return words(N_("Docker does not answer, so nothing can be started or stopped."))
    if service.container is None:
        return words(N_("It has no container. Create it: docker compose up -d"))
    return NOTHING


def carry_out(state: State, event: Asked, now: datetime) -> tuple[State, list[Action]]:
    """The state after the wish and what to do; a refused wish changes nothing."""
    if refusal(state, event):
        return state, []
    kept = next(kept for kept in state.kept if kept.name == event.service)
    service = replace(state.services[kept.name], quarantined=False, attempts=(), next_attempt_at=None, asked_at=now, refusal="")
    note = Note(kept.name, _asked(event))
    service, actions = _wish(kept, service, event.ask, now)
    return replace(state, services=MappingProxyType({**state.services, kept.name: service})), [note, *actions]


def _asked(event: Asked) -> Words:
    if event.reason:
        text = N_("{who} asked to {ask} {service}: {reason}")
        return words(text, who=event.who, ask=event.ask.value, service=event.service, reason=event.reason)
    return words(N_("{who} asked to {ask} {service}"), who=event.who, ask=event.ask.value, service=event.service)


def _wish(kept: Kept, service: ServiceState, ask: Ask, now: datetime) -> tuple[ServiceState, list[Action]]:
    acting = Acting(Purpose.OPERATOR, now)
    match ask:
        case Ask.RELEASE:
            return replace(service, next_attempt_at=now), []
        case Ask.STOP:
            return replace(service, acting=acting, stopped_at=now, first_start_due=False), [Stop(kept.name, kept.stop_seconds)]
        case Ask.START:
            return replace(service, acting=acting, stopped_at=None, first_start_due=False), [Start(kept.name)]
        case Ask.RESTART:
            return replace(service, acting=acting, stopped_at=None, first_start_due=False), [
                Restart(kept.name, kept.stop_seconds)
            ]
