"""Outdated versions of TLS that the public door still accepts."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "tls", N_("Versions of TLS"), Source.SUPERVISOR


def look(world: World) -> Finding:
    old = world.door().old_protocols
    if old:
        return problem(
            _("The door accepts {versions}, which can be broken", versions=", ".join(old)),
            _("nginx was configured by somebody else's hand: run ./deploy.sh to get its own configuration back."),
        )
    return ok(_("Only TLS 1.2 and 1.3 are accepted"))
