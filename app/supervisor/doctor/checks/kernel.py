"""A kernel that gets no corrections any more."""

import re

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Kernel"), Source.SUPERVISOR
_NEEDED, _OLD = (4, 19), (5, 10)


def look(world: World) -> Finding:
    found = re.match(r"(\d+)\.(\d+)", world.kernel)
    if found is None:
        raise NoEvidence(_("The kernel does not say its version."))
    version = (int(found[1]), int(found[2]))
    evidence = _("Linux {version}", version=world.kernel)
    remedy = _("Bring the machine to a supported release of its distribution, then restart it.")
    if version < _NEEDED:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if version < _OLD else ok(evidence)
