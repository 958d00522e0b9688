"""Room that the supervisor's own records take and have."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import size

GROUP, TITLE, SOURCE = "supervisor", N_("The supervisor's records"), Source.SUPERVISOR
_MUCH, _LEAST_FREE = 1.5e9, 500e6


def look(world: World) -> Finding:
    if world.store_trouble:
        return problem(
            _("The supervisor cannot store its records: {reason}", reason=world.store_trouble),
            _("Make room on the disk, and check the volume supervisor-state. It heals the services meanwhile, without memory."),
        )
    taken = sum(file.size for file in world.folders.get("state", ()))
    free = world.host().disk_free
    evidence = _("They take {taken}; {free} are free", taken=size(taken), free=size(free))
    if free < _LEAST_FREE:
        return problem(evidence, _("Make room on the disk: soon nothing can be recorded."))
    if taken > _MUCH:
        return warning(evidence, _("The volume supervisor-state holds more than it should; see which file grows."))
    return ok(evidence)
