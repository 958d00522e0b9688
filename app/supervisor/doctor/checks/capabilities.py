"""Containers with rights of the kernel that they do not need."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Kernel capabilities"), Source.SUPERVISOR


def look(world: World) -> Finding:
    found = []
    for name, container in sorted(world.containers().items()):
        settings = container["HostConfig"]
        added, dropped = settings.get("CapAdd") or [], [str(one).upper() for one in settings.get("CapDrop") or []]
        if added or "ALL" not in dropped:
            found.append(f"{name} ({', '.join(added)})" if added else name)
    if found:
        return warning(
            _("These keep rights that they do not need: {names}", names=", ".join(found)),
            _("They were not started from docker-compose.yml as it is: run docker compose up -d."),
        )
    return ok(_("Every container has given up all capabilities"))
