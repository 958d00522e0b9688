"""Whether the machine has a firewall that is on."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Firewall"), Source.HOST


def look(world: World) -> Finding:
    firewall = world.fact("firewall")
    if firewall["active"]:
        return ok(_("{kind} is on", kind=firewall["kind"]))
    return warning(
        _("No firewall is on"),
        _("sudo apt-get install ufw; sudo ufw allow 22,80,443/tcp; sudo ufw enable. Keep a second session open while you do."),
    )
