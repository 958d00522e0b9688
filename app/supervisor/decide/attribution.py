"""Whose fault is it? Only the root of a failing chain is restarted, and a host at its end is no service's fault."""

from datetime import datetime, timedelta

from app.core.i18n import N_
from app.supervisor.services import Kept
from app.supervisor.state import HostState, ServiceState, State, Words, words

HOST = "host"
DISK_FLOOR = 0.01  # share free
MEMORY_FLOOR = 0.03
BUSY_LASTS = timedelta(seconds=15)
SAMPLE_LATE = timedelta(seconds=10)  # they come every five seconds
SAMPLE_LOST = timedelta(seconds=90)  # and when none comes for so long, it is not for want of a processor
FOLLOWS = timedelta(seconds=10)  # within which what fell silent with a service answers again after it


def culprit(kept: Kept, state: State) -> str | None:
    """The service that `kept` cannot work without and that is of no use now; the far end of the chain when there is one."""
    for name in kept.depends_on:
        if not state.of_use(name):
            return state.services[name].blamed_on or name
    return None


def vouched(kept: Kept, service: ServiceState, state: State) -> bool:
    """Whether everything `kept` depends on has answered since its own trouble began.

    When a database hangs, those who use it fall silent in the same seconds; without this the first to be counted out
    would be restarted for it.
    """
    since = service.probe.failing_since
    if since is None:
        return True
    answers = [state.services[name].probe.ok_at for name in kept.depends_on]
    return all(ok_at is not None and ok_at > since for ok_at in answers)


def just_back(kept: Kept, service: ServiceState, state: State, now: datetime) -> str | None:
    """What `kept` depends on and fell silent with, when it is well again for so short a time that `kept` may yet follow."""
    since = service.probe.failing_since
    for name in kept.depends_on:
        well_since = state.services[name].since if state.healthy(name) else None
        if since is not None and well_since is not None and since < well_since and now - well_since < FOLLOWS:
            return name
    return None


def host_at_fault(host: HostState | None) -> Words | None:
    """Why the host itself cannot be worked on, for as long as it lasts; None when it can."""
    if host is None:
        return None
    if host.disk_total and host.disk_free < host.disk_total * DISK_FLOOR:
        return words(N_("the host's disk is full"))
    if host.inodes_total and host.inodes_free < host.inodes_total * DISK_FLOOR:
        return words(N_("the host's disk has no room for more files"))
    if host.memory_total and host.memory_available < host.memory_total * MEMORY_FLOOR:
        return words(N_("the host is out of memory"))
    return None


def host_busy(host: HostState | None, now: datetime) -> bool:
    """Whether the processors are, or were a moment ago, so taken that silence may mean waiting rather than hanging.

    A sample that does not come means the same: then our own thread waits for a processor.
    """
    if host is None:
        return False
    if host.busy_at is not None and now - host.busy_at < BUSY_LASTS:
        return True
    return host.at is not None and SAMPLE_LATE <= now - host.at < SAMPLE_LOST
