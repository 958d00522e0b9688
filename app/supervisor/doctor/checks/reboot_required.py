"""Corrections that only count after a restart of the machine."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Restart of the machine"), Source.HOST


def look(world: World) -> Finding:
    if world.fact("reboot_required"):
        return warning(
            _("Installed corrections wait for a restart of the machine"),
            _("Restart it at a quiet hour: sudo reboot. The services come up by themselves."),
        )
    return ok(_("No restart is due"))
