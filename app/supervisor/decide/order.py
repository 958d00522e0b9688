"""The order of the first start: a stage opens when everything in the stages before is healthy."""

from datetime import datetime, timedelta

from app.supervisor.services import Kept
from app.supervisor.state import Phase, State

STAGE_LIMIT = timedelta(seconds=180)
FRESHLY_CREATED = timedelta(seconds=20)  # Compose creates every container before it starts them, in the same order as we do
_SET_ASIDE = frozenset({Phase.QUARANTINED, Phase.STOPPED, Phase.MAINTENANCE})


def blocker(kept: Kept, state: State) -> str | None:
    """The first service of an earlier stage that keeps this one's stage shut.

    What was quarantined, stopped by hand or is being worked on is set aside: it keeps only those waiting that cannot work
    without it.
    """
    for other in sorted(state.kept, key=lambda other: other.stage):
        phase = state.services[other.name].phase
        if other.stage >= kept.stage or state.of_use(other.name):
            continue
        if other.name in kept.depends_on or phase not in _SET_ASIDE:
            return other.name
    return None


def overdue(kept: Kept, state: State, now: datetime) -> bool:
    """Whether the stage has been shut beyond its limit by something this service can do without.

    The door with a maintenance page is worth more than a dark appliance (docs/decisions/0083).
    """
    service = state.services[kept.name]
    needs = all(state.of_use(name) for name in kept.depends_on)
    return needs and service.since is not None and now - service.since >= STAGE_LIMIT


def left_to_compose(kept: Kept, state: State, now: datetime) -> bool:
    """Whether its container was made moments ago and whoever made it is about to start it."""
    container = state.services[kept.name].container
    if container is None or container.status != "created" or container.created_at is None:
        return False
    return now - container.created_at < FRESHLY_CREATED
