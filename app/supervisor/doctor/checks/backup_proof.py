"""When a backup was last proven by restoring it."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "backups", N_("Proof of the backups"), Source.SUPERVISOR


def look(world: World) -> Finding:
    age = world.measure("proof_age_days")
    remedy = _("Run a drill from the page of backups: it restores the last backup into a throwaway server.")
    failed = world.measure("drill_failed")
    if failed is not None and failed.value:
        return problem(_("The last drill failed: the backup could not be restored"), remedy)
    if age is None:
        return warning(_("No backup was proven by a restore yet"), remedy)
    evidence = _("A backup was restored and compared {days} days ago", days=round(age.value))
    if age.value > 35:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if age.value > 8 else ok(evidence)
