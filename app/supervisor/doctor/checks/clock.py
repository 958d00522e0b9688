"""Whether the machine's clock is right, and kept right."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "host", N_("Clock"), Source.HOST
_REMEDY = N_("Let the machine follow a time server: apt-get install systemd-timesyncd, then timedatectl set-ntp true.")


def look(world: World) -> Finding:
    drift = world.measure("clock_drift_s")
    if drift is not None and abs(drift.value) > 30:
        return problem(_("The clock is {seconds} s off", seconds=round(drift.value, 1)), _(_REMEDY))
    if drift is not None and abs(drift.value) > 2:
        return warning(_("The clock is {seconds} s off", seconds=round(drift.value, 1)), _(_REMEDY))
    if not world.fact("clock_follows"):
        return warning(_("The clock follows no time server"), _(_REMEDY))
    return ok(_("The clock follows a time server"))
