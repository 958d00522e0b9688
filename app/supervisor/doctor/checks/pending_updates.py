"""Security corrections that are known and not installed."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Waiting security updates"), Source.HOST


def look(world: World) -> Finding:
    waiting = int(world.fact("security_updates"))
    if not waiting:
        return ok(_("No security update waits, as far as the machine's package lists know"))
    evidence = ngettext("{count} security update waits", "{count} security updates wait", waiting)
    return warning(
        evidence, _("sudo apt-get update; sudo apt-get upgrade, then ./deploy.sh to bring them into the images as well.")
    )
