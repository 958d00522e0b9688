"""Containers that could take all memory of the machine."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import size

GROUP, TITLE, SOURCE = "containers", N_("Memory limits"), Source.SUPERVISOR


def look(world: World) -> Finding:
    limits = {name: int(container["HostConfig"].get("Memory") or 0) for name, container in world.containers().items()}
    unlimited = sorted(name for name, limit in limits.items() if not limit)
    if unlimited:
        return warning(
            _("These could take all memory: {names}", names=", ".join(unlimited)),
            _("They were not started from docker-compose.yml as it is: run docker compose up -d."),
        )
    return ok(_("Every container has a limit, {sum} in all", sum=size(sum(limits.values()))))
