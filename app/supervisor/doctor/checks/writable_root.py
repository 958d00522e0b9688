"""Containers that could change their own program files."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Writable file system"), Source.SUPERVISOR


def look(world: World) -> Finding:
    writable = sorted(name for name, container in world.containers().items() if not container["HostConfig"].get("ReadonlyRootfs"))
    if writable:
        return warning(
            _("These can change their own programs: {names}", names=", ".join(writable)),
            _("They were not started from docker-compose.yml as it is: run docker compose up -d."),
        )
    return ok(_("No container can change its own programs"))
