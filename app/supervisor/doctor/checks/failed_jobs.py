"""Work in the background that failed in the last seven days."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Failed jobs"), Source.APP


def look(world: World) -> Finding:
    jobs = world.app("jobs")
    waiting = ngettext("{count} job waits", "{count} jobs wait", jobs["waiting"])
    if jobs["failed"]:
        evidence = ngettext(
            "{count} job failed within seven days: {titles}",
            "{count} jobs failed within seven days: {titles}",
            jobs["failed"],
            titles=", ".join(jobs["titles"]),
        )
        return warning(evidence, _("The job's page and worker.log say why; start it again when the cause is corrected."))
    return ok(_("No job failed within seven days; {waiting}", waiting=waiting))
