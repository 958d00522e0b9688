"""When the last good backup was made."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "backups", N_("Last backup"), Source.SUPERVISOR

NONE_YET = N_("there is none yet")  # said by supervisor.backups with an age that counts from its beginning


def look(world: World) -> Finding:
    age = world.measure("backup_age_h")
    remedy = _("Make one now: scripts/backup-mongodb.sh. The page of backups says why the daily one is missing.")
    if age is None or age.detail == _(NONE_YET):
        return problem(_("There is no backup yet"), remedy)
    evidence = _("The last backup is {hours} hours old", hours=round(age.value))
    if age.value > 50:
        return problem(evidence, remedy)
    return warning(evidence, remedy) if age.value > 26 else ok(evidence)
