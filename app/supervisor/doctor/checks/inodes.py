"""How many more files the disks can hold."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.host.disks import words_for
from app.supervisor.pages.formatting import percent

GROUP, TITLE, SOURCE = "host", N_("Room for files (inodes)"), Source.SUPERVISOR


def look(world: World) -> Finding:
    limited = [disk for disk in world.host().all_disks if disk.inodes_total]
    if not limited:
        return ok(_("This file system has no limit on the number of files."))
    disk = min(limited, key=lambda disk: disk.inodes_free_share)
    share = disk.inodes_free_share
    evidence = _("{share} of the disk's files can still be made", share=percent(share))
    if disk.name:
        evidence = _("{disk}: {evidence}", disk=words_for(disk.name), evidence=evidence)
    remedy = _("Find the folder with very many small files (du --inodes -x / | sort -n | tail) and empty it.")
    if share < 0.05:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if share < 0.15 else ok(evidence)
