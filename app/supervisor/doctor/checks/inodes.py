"""How many more files the disk can hold."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import percent

GROUP, TITLE, SOURCE = "host", N_("Room for files (inodes)"), Source.SUPERVISOR


def look(world: World) -> Finding:
    host = world.host()
    if not host.inodes_total:
        return ok(_("This file system has no limit on the number of files."))
    share = host.inodes_free / host.inodes_total
    evidence = _("{share} of the disk's files can still be made", share=percent(share))
    remedy = _("Find the folder with very many small files (du --inodes -x / | sort -n | tail) and empty it.")
    if share < 0.05:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if share < 0.15 else ok(evidence)
