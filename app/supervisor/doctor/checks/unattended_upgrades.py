"""Whether security corrections of the distribution are installed by themselves."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Automatic security updates"), Source.HOST


def look(world: World) -> Finding:
    if world.fact("unattended_upgrades"):
        return ok(_("Security updates are installed by themselves"))
    return warning(
        _("Security updates wait for somebody to install them"),
        _("sudo apt-get install unattended-upgrades; sudo dpkg-reconfigure -plow unattended-upgrades"),
    )
