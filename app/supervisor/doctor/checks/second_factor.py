"""Administrators who sign in with a password alone."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "users", N_("Second factor for administrators"), Source.APP


def look(world: World) -> Finding:
    count = int(world.app("users")["administrators"])
    # Every further account doubles what a stolen password is worth; with one the operator has nothing to decide.
    if count <= 1:
        return ok(_("A second factor is not offered yet; there is one administrator at most"))
    return warning(
        _("{count} administrators sign in with a password alone; a second factor is not offered yet", count=count),
        _("Keep administrators few and their passwords long, and let the firewall admit only your own networks."),
    )
