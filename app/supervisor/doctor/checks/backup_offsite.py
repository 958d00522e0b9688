"""Whether a copy of the backups lies elsewhere."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "backups", N_("Copy elsewhere"), Source.SUPERVISOR


def look(world: World) -> Finding:
    age = world.measure("offsite_age_h")
    remedy = _("Set up a copy to S3, SFTP or a mounted folder (docs/backup.md): a fire takes disk and backups alike.")
    if age is None:
        return warning(_("No copy of the backups lies elsewhere, as far as the supervisor knows"), remedy)
    evidence = _("The newest copy elsewhere is {hours} hours old", hours=round(age.value))
    return warning(evidence, _("The page of backups says why the copy is late.")) if age.value > 50 else ok(evidence)
