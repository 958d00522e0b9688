"""How many people may do everything."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "users", N_("Administrators"), Source.APP
_MANY = 5


def look(world: World) -> Finding:
    count = int(world.app("users")["administrators"])
    if count == 0:
        return problem(
            _("Nobody is an administrator, so nobody can add or help people"),
            _("sudo tradeai user add EMAIL --role administrator"),
        )
    evidence = ngettext("{count} person is an administrator", "{count} people are administrators", count)
    if count > _MANY:
        return warning(evidence, _("Give those who only work with promotions the role they need: Settings, People."))
    return ok(evidence)
