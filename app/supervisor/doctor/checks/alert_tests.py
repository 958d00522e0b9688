"""Whether each channel has delivered something lately."""

from datetime import timedelta

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, NoEvidence, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "alerts", N_("Tests of the channels"), Source.SUPERVISOR
_WITHIN = timedelta(days=8)


def look(world: World) -> Finding:
    if world.alerts is None:
        raise NoEvidence(_("The alert settings cannot be seen."))
    if not world.alerts.channels:
        raise NoEvidence(_("There is no channel to test."))
    failing = sorted(
        subject for (name, subject), measure in world.state.measures.items() if name == "channel_failing" and measure.value
    )
    if failing:
        text = _("Messages do not get through on: {names}", names=", ".join(failing))
        return problem(text, _("The page of channels shows the error. Correct it and press Send test."))
    late = sorted(name for name, at in world.alerts.channels.items() if at is None or world.now - at > _WITHIN)
    if late:
        text = _("Nothing was delivered within eight days on: {names}", names=", ".join(late))
        return warning(text, _("Press Send test on the page of channels, and see that it arrives."))
    return ok(_("Every channel delivered within eight days"))
