"""Whether the backend tells the doctor about its data."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "data", N_("Answers of the backend"), Source.APP


def look(world: World) -> Finding:
    if world.told is None:
        return problem(
            _(
                "The backend does not answer the doctor: {reason}. People, audit trail and data were not looked at",
                reason=world.silence.get("app", "?"),
            ),
            _("See the backend on the overview; after an update run ./deploy.sh, so that both have the same version."),
        )
    silent = sorted(name for name, part in world.told.items() if isinstance(part, dict) and "silent" in part)
    if silent:
        return warning(
            _("It could not tell about: {names}", names=", ".join(silent)), _("See MongoDB and Redis on the overview.")
        )
    return ok(_("The backend told everything it was asked"))
