"""Whether the machine itself was looked at lately: from inside its container the supervisor does not see it."""

from datetime import timedelta

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import span

GROUP, TITLE, SOURCE = "host", N_("Look at the machine"), Source.SUPERVISOR
_LONG = timedelta(days=8)


def look(world: World) -> Finding:
    age = world.facts_age
    remedy = _("Run sudo tradeai doctor on the host; daily by cron: 15 6 * * * root /usr/local/bin/tradeai doctor")
    if age is None:
        return warning(_("Firewall, SSH, updates, ports and file modes of the host were never looked at"), remedy)
    evidence = _("The host was looked at {span} ago", span=span(age))
    return warning(evidence, remedy) if age > _LONG else ok(evidence)
