"""Whether alerts reach anybody."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "alerts", N_("Channels for alerts"), Source.SUPERVISOR


def look(world: World) -> Finding:
    if world.alerts is None:
        raise NoEvidence(_("The alert settings cannot be seen."))
    channels = sorted(world.alerts.channels)
    if not channels:
        return problem(
            _("No channel is set up: alerts are shown on these pages and told to nobody"),
            _("Set up mail, Slack, SMS or PagerDuty in the alert settings (docs/alerts.md), then press Send test."),
        )
    return ok(_("Alerts go to {names}", names=", ".join(channels)))
