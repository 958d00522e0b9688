"""What follows from a phase: the first start in its turn, a restart within the budget, or quarantine."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.i18n import N_
from app.supervisor.actions import Action, Note, Restart, Start
from app.supervisor.decide.judge import judge
from app.supervisor.decide.order import blocker, left_to_compose, overdue
from app.supervisor.services import Kept
from app.supervisor.state import Acting, Phase, Purpose, ServiceState, State, words


@dataclass(frozen=True)
class Budget:
    """`attempts` within `window`; pauses double from `first` to `longest`, each up to `jitter` longer or shorter."""

    attempts: int = 5
    window: timedelta = timedelta(minutes=10)
    first: float = 1.0
    longest: float = 60.0
    jitter: float = 0.2


BUDGET = Budget()


def heal(kept: Kept, service: ServiceState, state: State, now: datetime) -> tuple[ServiceState, list[Action]]:
    """`service` after what was decided for it, and the actions."""
    if service.acting is not None:
        return service, []
    if service.phase is Phase.STARTING and service.first_start_due:
        return _first_start(kept, service, state, now)
    if service.phase is Phase.FAILED and service.blamed_on is None and service.seen:
        return _restart(kept, service, state, now)
    return service, []


def pause(name: str, attempts: int, now: datetime, budget: Budget = BUDGET) -> timedelta:
    """How long to wait before the next attempt after `attempts` recent ones. The jitter is drawn from the arguments."""
    seconds = min(budget.longest, budget.first * 2**attempts)
    share = zlib.crc32(f"{name} {attempts} {now.timestamp()}".encode()) / 0xFFFFFFFF
    return timedelta(seconds=seconds * (1 + budget.jitter * (2 * share - 1)))


def _first_start(kept: Kept, service: ServiceState, state: State, now: datetime) -> tuple[ServiceState, list[Action]]:
    if not state.docker.answers or left_to_compose(kept, state, now):
        return service, []
    name = blocker(kept, state)
    if name is not None and not overdue(kept, _with(state, service), now):
        return _waits(service, name), []
    if service.attempts:  # it failed before the supervisor came back: it is its turn, but the budget is what it was
        after, actions = _restart(kept, service, state, now)
    else:
        after = replace(service, first_start_due=False, acting=Acting(Purpose.FIRST_START, now))
        actions = [Start(kept.name)]
    if name is not None and actions:
        text = words(N_("{service} starts although {blocker} is not healthy"), service=kept.name, blocker=name)
        actions = [Note(kept.name, text, bad=True), *actions]
    return after, actions


def _restart(kept: Kept, service: ServiceState, state: State, now: datetime) -> tuple[ServiceState, list[Action]]:
    recent = tuple(moment for moment in service.attempts if now - moment < BUDGET.window)
    if len(recent) >= BUDGET.attempts:
        service = replace(service, attempts=recent, quarantined=True, next_attempt_at=None, first_start_due=False)
        return judge(kept, _with(state, service), now), []
    due = service.next_attempt_at or now + pause(kept.name, len(recent), now)
    if now < due or not state.docker.answers:
        return service if service.next_attempt_at else replace(service, attempts=recent, next_attempt_at=due), []
    action = Restart(kept.name, kept.stop_seconds) if service.running else Start(kept.name)
    # What a release brings about is the operator's start: neither counted against the service nor told as healing.
    after = replace(
        service,
        attempts=recent if service.released else (*recent, now),
        next_attempt_at=None,
        acting=Acting(Purpose.OPERATOR if service.released else Purpose.HEALING, now),
        told_to_stop_at=None,
        first_start_due=False,
    )
    return after, [action]


def _waits(service: ServiceState, name: str) -> ServiceState:
    reason = words(N_("waits for {service}"), service=name)
    return service if service.reason == reason else replace(service, reason=reason)


def _with(state: State, service: ServiceState) -> State:
    return replace(state, services={**state.services, service.name: service})
