"""Accounts that nobody has used for 90 days."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "users", N_("Unused accounts"), Source.APP
_SHOWN = 5


def look(world: World) -> Finding:
    unused = world.app("users")["unused"]
    if not unused["count"]:
        return ok(_("Every account was used within 90 days"))
    names = ", ".join(unused["names"][:_SHOWN]) + (" …" if unused["count"] > _SHOWN else "")
    evidence = ngettext(
        "{count} account was not used for 90 days: {names}",
        "{count} accounts were not used for 90 days: {names}",
        unused["count"],
        names=names,
    )
    return warning(evidence, _("Deactivate those who have left: Settings, People. What they did stays in the records."))
