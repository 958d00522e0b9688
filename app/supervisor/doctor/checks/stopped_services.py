"""Services that are stopped or were given up on."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem, warning
from app.supervisor.doctor.world import World
from app.supervisor.state import Phase

GROUP, TITLE, SOURCE = "containers", N_("Stopped services"), Source.SUPERVISOR
FIX = N_("Starts the services that were stopped by hand.")


def look(world: World) -> Finding:
    services = world.state.services
    given_up = [name for name, service in services.items() if service.phase is Phase.QUARANTINED]
    if given_up:
        return problem(
            _("In quarantine after restarts in vain: {names}", names=", ".join(given_up)),
            _("Correct the cause that the service's page shows, then release it: tradeai service release NAME"),
        )
    stopped = _stopped(world)
    if stopped:
        text = _("Stopped by hand: {names}", names=", ".join(stopped))
        return warning(text, _("Start them when the work on them is done: tradeai service start NAME"))
    return ok(_("No service is stopped"))


def fix(world: World) -> str:
    refusals = [reason for name in _stopped(world) if (reason := world.hands.start(name))]
    return " ".join(refusals) or _("The stopped services are being started.")


def _stopped(world: World) -> list[str]:
    return [name for name, service in world.state.services.items() if service.phase is Phase.STOPPED]
