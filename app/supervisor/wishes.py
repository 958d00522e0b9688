"""An operator's wish on its way to the loop: a stop may have an end, and a start ends such a stop before its time."""

from dataclasses import replace

from app.core.i18n import _
from app.supervisor.events import Ask, Asked
from app.supervisor.leases import Keeper, release, take
from app.supervisor.state import Lease, State

_STARTS = frozenset({Ask.START, Ask.RESTART})


def pass_on(keeper: Keeper, asked: Asked, seconds: float | None = None) -> str | None:
    """Why the wish is refused, None when it is on its way. A stop for `seconds` holds a lease; its end starts the service.

    Raises LeaseRefused and LeaseConflict as `take` does.
    """
    if asked.ask is Ask.STOP and seconds is not None:
        return _stop(keeper, asked, seconds)
    own = stop_of(keeper.state, asked.service)
    if own is None or asked.lease or asked.ask not in _STARTS:
        return keeper.ask(asked)
    refused = keeper.ask(replace(asked, lease=own.name))
    if refused is None:
        release(keeper, own, asked.who)
    return refused


def stop_of(state: State, service: str) -> Lease | None:
    """The lease of a stop of `service` that has an end."""
    return state.leases.get(_name(service))


def _name(service: str) -> str:
    return f"stop-{service}"


def _stop(keeper: Keeper, asked: Asked, seconds: float) -> str | None:
    why = asked.reason if len(asked.reason) > 2 else " ".join((_("stopped by hand"), asked.reason)).strip()
    lease = take(keeper, _name(asked.service), [asked.service], seconds, asked.who, why)
    refused = keeper.ask(replace(asked, lease=lease.name))
    if refused is not None:
        release(keeper, lease, asked.who)
    return refused
