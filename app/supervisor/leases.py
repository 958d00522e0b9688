"""Taking maintenance leases: over HTTP through `pages/leases.py`, inside the supervisor with `hold`."""

import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from app.core.clock import Clock
from app.core.errors import Conflict, Invalid
from app.core.i18n import _, ngettext
from app.core.logging import get_logger
from app.supervisor.decide.maintenance import by_id, conflict
from app.supervisor.events import Ask, Asked, Event, LeaseExtended, LeaseReleased, LeaseTaken
from app.supervisor.state import Lease, State

SHORTEST, LONGEST = 10.0, 24 * 3600.0  # seconds
AT_MOST = 12 * 3600.0  # a holder that never comes to an end is not believed for ever
_SETTLES_SECONDS = 10.0
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

log = get_logger(__name__)


class LeaseRefused(Invalid):
    """It cannot be taken; the message says what does not fit."""

    kind, title = "lease-refused", "This maintenance cannot begin"


class LeaseConflict(Conflict):
    """Another lease covers one of the services; the message says whose, why and until when."""

    kind, title = "lease-taken", "Somebody works on this already"


class LeaseLost(Conflict):
    """It ended before its holder did: an operator ended it, or the holder was too slow to extend it."""

    kind, title = "lease-lost", "The maintenance was ended"


class Keeper(Protocol):
    """What is needed of the loop."""

    @property
    def state(self) -> State: ...
    @property
    def clock(self) -> Clock: ...
    def put(self, event: Event) -> None: ...
    def ask(self, asked: Asked) -> str | None: ...
    def wait_for_state(self, holds: Callable[[State], bool], seconds: float) -> bool: ...


@dataclass(frozen=True)
class Held:
    """A lease while its holder is at work."""

    keeper: Keeper
    lease: Lease

    @property
    def lost(self) -> bool:
        return by_id(self.keeper.state, self.lease.id) is None

    def check(self) -> None:
        """Raise LeaseLost when it ended; to be called before each step that must not meet a healing supervisor."""
        if self.lost:
            raise LeaseLost(_("The maintenance {name} was ended before the work was done.", name=self.lease.name))

    def ask(self, service: str, wish: Ask) -> str | None:
        """Have a service of the lease started, stopped or restarted; why it is refused, None when it is on its way."""
        return self.keeper.ask(Asked(service, wish, self.lease.holder, self.lease.why, self.lease.name))


def take(keeper: Keeper, name: str, services: Sequence[str], seconds: float, holder: str, why: str) -> Lease:
    """The lease, in force and stored. No services means all of them.

    Raises LeaseConflict when another lease covers one, LeaseRefused for anything else that does not fit.
    """
    now = keeper.clock.now()
    lease = Lease(
        id=secrets.token_hex(8),
        name=name,
        services=tuple(services) or tuple(keeper.state.services),
        holder=holder.strip(),
        why=why.strip(),
        taken_at=now,
        until=now + timedelta(seconds=seconds if SHORTEST <= seconds <= LONGEST else SHORTEST),
        seconds=seconds,
    )
    _check(keeper.state, lease)
    keeper.put(LeaseTaken(lease))
    settled = keeper.wait_for_state(lambda state: _settled(state, lease), _SETTLES_SECONDS)
    if by_id(keeper.state, lease.id) is not None:
        return keeper.state.leases[name]
    _check(keeper.state, lease)
    text = _("The supervisor was too busy to begin the maintenance; try again.") if not settled else _("It ended at once.")
    raise LeaseRefused(text)


def release(keeper: Keeper, lease: Lease, who: str) -> bool:
    """End it; whether it is over within a few seconds."""
    keeper.put(LeaseReleased(lease.id, who))
    return keeper.wait_for_state(lambda state: by_id(state, lease.id) is None, _SETTLES_SECONDS)


@contextmanager
def hold(
    keeper: Keeper,
    name: str,
    services: Sequence[str],
    seconds: float,
    why: str,
    holder: str = "supervisor",
    at_most: float = AT_MOST,
) -> Iterator[Held]:
    """Keep a lease for as long as the block runs; it is extended every third of `seconds`, `at_most` seconds in all.

    If the process dies in the block the lease runs out within `seconds`. Not for the loop's own thread (observers): it waits
    for the loop. Raises as `take` does.
    """
    held = Held(keeper, take(keeper, name, services, seconds, holder, why))
    done = threading.Event()
    threading.Thread(target=_extend, args=(held, seconds, at_most, done), daemon=True).start()
    try:
        yield held
    finally:
        done.set()
        release(keeper, held.lease, holder)


def _extend(held: Held, seconds: float, at_most: float, done: threading.Event) -> None:
    last = held.lease.taken_at + timedelta(seconds=at_most)
    while not done.wait(seconds / 3) and not held.lost:
        if held.keeper.clock.now() >= last:
            log.error("a maintenance takes too long and is not extended any more", lease=held.lease.name)
            return
        held.keeper.put(LeaseExtended(held.lease.id, seconds))


def _settled(state: State, lease: Lease) -> bool:
    return by_id(state, lease.id) is not None or conflict(state, lease) is not None


def _check(state: State, lease: Lease) -> None:
    """Raise LeaseRefused for what makes no sense, LeaseConflict for what is taken."""
    if not _NAME.fullmatch(lease.name):
        raise LeaseRefused(
            _("The name {name} does not fit: up to 64 small letters, digits, dots and dashes.", name=repr(lease.name[:80]))
        )
    if not SHORTEST <= lease.seconds <= LONGEST:
        raise LeaseRefused(_("A lease lasts from {least} to {most} seconds.", least=int(SHORTEST), most=int(LONGEST)))
    if not 1 <= len(lease.holder) <= 100 or not 3 <= len(lease.why) <= 300:
        raise LeaseRefused(_("Say who holds it (up to 100 characters) and why (3 to 300)."))
    unknown = [service for service in lease.services if service not in state.services]
    if unknown:
        names = ", ".join(repr(service[:40]) for service in unknown[:5])
        text = ngettext("There is no service {names}.", "There are no services {names}.", len(unknown), names=names)
        raise LeaseRefused(text)
    other = conflict(state, lease)
    if other is not None:
        text = _(
            "{holder} works on {services} until {until} UTC: {why} (maintenance “{name}”).",
            holder=other.holder,
            services=", ".join(other.services),
            until=f"{other.until:%Y-%m-%d %H:%M}",
            why=other.why,
            name=other.name,
        )
        raise LeaseConflict(text)
