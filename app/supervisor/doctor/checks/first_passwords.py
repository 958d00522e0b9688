"""Accounts whose first password, made by somebody else, was never changed."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "users", N_("First passwords"), Source.APP


def look(world: World) -> Finding:
    waiting = world.app("users")["first_password"]
    if not waiting["count"]:
        return ok(_("Nobody has kept a first password for longer than a week"))
    evidence = ngettext(
        "{count} account still has its first password after a week: {names}",
        "{count} accounts still have their first password after a week: {names}",
        waiting["count"],
        names=", ".join(waiting["names"]),
    )
    return warning(evidence, _("Ask them to sign in, or deactivate the account: the password may lie in somebody's mail."))
