"""Whether the audit trail is as it was written."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Audit trail"), Source.APP


def look(world: World) -> Finding:
    chain = world.app("audit")
    if not chain["ok"]:
        return problem(
            _("The chain is broken at entry {entry}: {reason}", entry=chain["broken_at"], reason=chain["reason"]),
            _("Leave everything as it is, make a backup, find out who had access to the database. In full: tradeai audit verify"),
        )
    return ok(
        ngettext("The newest entry is as it was written", "The newest {count} entries are as they were written", chain["entries"])
    )
