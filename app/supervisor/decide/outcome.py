"""What has become of an operator's wish, from the state alone."""

from datetime import datetime
from enum import StrEnum

from app.supervisor.events import Ask
from app.supervisor.state import Phase, ServiceState, State

_GAVE_UP = frozenset({Phase.FAILED, Phase.QUARANTINED})


class Outcome(StrEnum):
    """`failed` may still be mended: the supervisor goes on healing."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


def outcome(state: State, name: str, ask: Ask, since: datetime) -> Outcome:
    """How far the wish of `since` has come."""
    service = state.services[name]
    if service.asked_at is None or service.asked_at < since or service.acting is not None:
        return Outcome.PENDING
    if service.refusal:
        return Outcome.FAILED
    if ask is Ask.STOP:
        return Outcome.PENDING if service.running else Outcome.DONE
    if state.of_use(name):
        return Outcome.DONE
    return Outcome.FAILED if _ended_badly(service) and not service.released else Outcome.PENDING


def _ended_badly(service: ServiceState) -> bool:
    return service.phase in _GAVE_UP
