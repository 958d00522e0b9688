"""Whether the database has the form that this version works with."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Form of the database"), Source.APP


def look(world: World) -> Finding:
    found = world.app("migrations")
    evidence = _("The database is at migration {applied}, this version at {known}", **found)
    if found["applied"] > found["known"]:
        return problem(evidence, _("The database was written by a newer version: run that one or a newer one. Change nothing."))
    if found["applied"] < found["known"]:
        return problem(evidence, _("Make a backup, then: tradeai migrate"))
    return ok(evidence)
