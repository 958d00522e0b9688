"""Room on the disk that holds the volumes, and when it will be full."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.pages.formatting import percent, size

GROUP, TITLE, SOURCE = "host", N_("Disk space"), Source.SUPERVISOR
_LITTLE, _SCARCE, _SOON_HOURS = 0.10, 0.20, 14 * 24


def look(world: World) -> Finding:
    host, trend = world.host(), world.measure("disk_full_in_h")
    share = host.disk_free / host.disk_total if host.disk_total else 1.0
    evidence = _(
        "{free} of {total} are free ({share})", free=size(host.disk_free), total=size(host.disk_total), share=percent(share)
    )
    remedy = _("Make the disk larger, or delete what is not needed: old images (docker image prune), old logs, old backups.")
    if share < _LITTLE:
        return problem(evidence, remedy)
    if trend is not None and trend.value < _SOON_HOURS:
        days = round(trend.value / 24, 1)
        return warning(_("{evidence}; at the present pace it is full in {days} days", evidence=evidence, days=days), remedy)
    return warning(evidence, remedy) if share < _SCARCE else ok(evidence)
