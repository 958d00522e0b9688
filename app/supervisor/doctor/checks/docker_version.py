"""A Docker engine too old for what the appliance relies on."""

import re

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Docker"), Source.SUPERVISOR
_NEEDED, _SUPPORTED = (20, 10), (23, 0)


def look(world: World) -> Finding:
    if world.docker is None:
        raise NoEvidence(_("Docker could not be asked: {reason}", reason=world.silence.get("docker", "?")))
    text = str(world.docker.get("Version", ""))
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        raise NoEvidence(_("Docker does not say its version."))
    version = (int(found[1]), int(found[2]))
    evidence = _("Docker {version}", version=text)
    remedy = _(
        "Install the docker.io package of a current Debian, or Docker's own packages. Running services come back by themselves."
    )
    if version < _NEEDED:
        return problem(evidence, remedy)
    # Debian corrects the older version it ships; nobody else does.
    return warning(evidence, remedy) if version < _SUPPORTED and "dfsg" not in text else ok(evidence)
