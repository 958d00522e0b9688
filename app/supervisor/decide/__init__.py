"""The decision: state and one event in, new state and actions out. No clock, no input, no output.

Every event goes the same way: note the fact (`observe`), judge where each service stands (`judge`), and ask for what
follows (`heal`). Judging looks at the facts only, so that a supervisor that was away finds the world as it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from app.core.i18n import N_
from app.supervisor.actions import Action, Note
from app.supervisor.decide.heal import heal
from app.supervisor.decide.judge import found_running, judge
from app.supervisor.decide.maintenance import change, expire
from app.supervisor.decide.observe import observe
from app.supervisor.decide.operator import carry_out
from app.supervisor.events import Asked, Event, LeaseEvent
from app.supervisor.state import Phase, ServiceState, State, words


def decide(state: State, event: Event, now: datetime) -> tuple[State, list[Action]]:
    """What is so after `event`, and what has to be done about it."""
    before = state.services
    actions: list[Action] = []
    if isinstance(event, Asked):
        state, actions = carry_out(state, event, now)
    elif isinstance(event, LeaseEvent):
        state, actions = change(state, event, now)
    else:
        state = observe(state, event, now)
    state, ended = expire(state, now)
    actions += ended
    services = dict(state.services)
    so_far = replace(state, services=MappingProxyType(services))  # each judgement sees those of the services before it
    for kept in state.kept:
        services[kept.name] = judge(kept, so_far, now)
        services[kept.name], wanted = heal(kept, services[kept.name], so_far, now)
        actions += wanted
    if all(services[name] is service for name, service in before.items()):
        return state if state.services is before else replace(state, services=before), actions
    return so_far, _transitions(before, services) + actions


def _transitions(before: Mapping[str, ServiceState], after: Mapping[str, ServiceState]) -> list[Action]:
    """A line for each service that changed its phase; finding one well at the first look is no news, nor is maintenance."""
    notes: list[Action] = []
    for name, service in after.items():
        if service is before[name]:
            continue
        was = before[name].phase
        first_look = was is Phase.UNKNOWN and service.phase is Phase.STARTING
        announced = service.phase is Phase.MAINTENANCE or (was is Phase.MAINTENANCE and service.phase is Phase.HEALTHY)
        if service.phase is was or first_look or announced or (service.phase is Phase.HEALTHY and found_running(before[name])):
            continue
        text = words(N_("{service} is {phase}"), service=name, phase=service.phase.value)
        if service.reason:
            text = words(N_("{service} is {phase}: {reason}"), service=name, phase=service.phase.value, reason=service.reason)
        notes.append(Note(name, text, bad=service.phase in {Phase.FAILED, Phase.QUARANTINED}))
    return notes
