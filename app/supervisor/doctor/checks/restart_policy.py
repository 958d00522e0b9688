"""Who restarts what: Docker the supervisor, its proxy and the containers of backups, the supervisor everything else."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World
from app.supervisor.services import BESIDE

GROUP, TITLE, SOURCE = "containers", N_("Who restarts what"), Source.SUPERVISOR
_BY_DOCKER = {"supervisor", "dockerproxy", *BESIDE}


def look(world: World) -> Finding:
    wrong = []
    for name, container in sorted(world.containers().items()):
        policy = (container["HostConfig"].get("RestartPolicy") or {}).get("Name") or "no"
        if policy != ("always" if name in _BY_DOCKER else "no"):
            wrong.append(f"{name} ({policy})")
    if wrong:
        return warning(
            _("Not as decided: {names}. Docker and the supervisor would both restart them, or neither", names=", ".join(wrong)),
            _("Take docker-compose.yml as it is and run docker compose up -d (docs/decisions/0011)."),
        )
    return ok(_("Docker restarts the supervisor, its proxy and the containers of backups, the supervisor all others"))
