"""Doors of the machine that are open to others beyond the expected ones."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Open ports"), Source.HOST
_SSH = 22


def look(world: World) -> Finding:
    expected = {_SSH, *world.fact("doors")}
    beyond = sorted(
        {(door["port"], door.get("process") or "?") for door in world.fact("listening") if door["port"] not in expected}
    )
    if not beyond:
        return ok(_("Only {ports} are open to others", ports=", ".join(map(str, sorted(expected)))))
    return warning(
        _("Open to others as well: {doors}", doors=", ".join(f"{port} ({process})" for port, process in beyond)),
        _("Stop what is not needed, bind it to 127.0.0.1, or close the port: sudo ufw deny PORT"),
    )
