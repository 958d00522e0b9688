"""Whether the containers that make backups and prove them work."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World
from app.supervisor.measures.beside import trouble
from app.supervisor.services import BESIDE

GROUP, TITLE, SOURCE = "backups", N_("Containers of backups"), Source.SUPERVISOR


def look(world: World) -> Finding:
    containers = world.containers()
    wrong = [f"{name}: {reason}" for name in BESIDE if (reason := trouble(containers.get(name)))]
    if wrong:
        return problem(
            _("Backups cannot be made or proven. {reasons}", reasons="; ".join(wrong)),
            _("docker compose logs backup drill says why; docker compose up -d brings back what is missing."),
        )
    return ok(_("{names} run, and their heartbeats are young", names=", ".join(BESIDE)))
