"""Room on the disks that hold volumes, backups and logs, and when they will be full."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, Verdict, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.host.disks import words_for
from app.supervisor.pages.formatting import percent, size
from app.supervisor.state import Disk, Measure

GROUP, TITLE, SOURCE = "host", N_("Disk space"), Source.SUPERVISOR
_LITTLE, _SCARCE, _SOON_HOURS = 0.10, 0.20, 14 * 24


def look(world: World) -> Finding:
    """The finding of the disk that is worst off; all are named."""
    disks = world.host().all_disks
    found = [_judge(disk, world.measure("disk_full_in_h", disk.name)) for disk in disks]
    worst = min(found, key=lambda finding: list(Verdict).index(finding.verdict))
    return Finding(worst.verdict, "; ".join(finding.evidence for finding in found), worst.remedy)


def _judge(disk: Disk, trend: Measure | None) -> Finding:
    share = disk.free_share
    evidence = _("{free} of {total} are free ({share})", free=size(disk.free), total=size(disk.total), share=percent(share))
    if disk.name:
        evidence = _("{disk}: {evidence}", disk=words_for(disk.name), evidence=evidence)
    remedy = _("Make the disk larger, or delete what is not needed: old images (docker image prune), old logs, old backups.")
    if share < _LITTLE:
        return problem(evidence, remedy)
    if trend is not None and trend.value < _SOON_HOURS:
        days = round(trend.value / 24, 1)
        return warning(_("{evidence}; at the present pace it is full in {days} days", evidence=evidence, days=days), remedy)
    return warning(evidence, remedy) if share < _SCARCE else ok(evidence)
