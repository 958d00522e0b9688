"""Whether every container's own log is bounded."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, warning
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Rotation of container logs"), Source.SUPERVISOR


def look(world: World) -> Finding:
    unbounded = sorted(
        name for name, container in world.containers().items() if not _bounded(container["HostConfig"].get("LogConfig") or {})
    )
    if unbounded:
        return warning(
            _("The logs of these can grow without end: {names}", names=", ".join(unbounded)),
            _("They were not started from docker-compose.yml as it is: run docker compose up -d."),
        )
    return ok(_("Every container's log turns itself"))


def _bounded(log: dict[str, object]) -> bool:
    options = log.get("Config")
    return log.get("Type") != "json-file" or (isinstance(options, dict) and bool(options.get("max-size")))
