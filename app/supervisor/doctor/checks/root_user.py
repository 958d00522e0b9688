"""Containers whose processes run as root."""

from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Running as root"), Source.SUPERVISOR
_ROOT = {"", "0", "root"}


def look(world: World) -> Finding:
    containers = world.containers()
    as_root = sorted(
        name for name, container in containers.items() if str(container["Config"].get("User", "")).partition(":")[0] in _ROOT
    )
    if as_root:
        return problem(
            _("These run as root: {names}", names=", ".join(as_root)),
            _("They were not started from docker-compose.yml as it is: run docker compose up -d."),
        )
    return ok(ngettext("{count} container runs as a plain user", "All {count} containers run as a plain user", len(containers)))
