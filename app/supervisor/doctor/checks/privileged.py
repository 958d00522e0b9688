"""Containers that are not shut in: privileged, in the host's network or processes, or free to gain rights."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Privileged containers"), Source.SUPERVISOR


def look(world: World) -> Finding:
    found = [f"{name}: {why}" for name, container in sorted(world.containers().items()) for why in _open(container["HostConfig"])]
    if found:
        return problem(
            _("Not shut in: {names}", names="; ".join(found)),
            _("Whoever breaks into it owns the host. Start it from docker-compose.yml as it is: docker compose up -d."),
        )
    return ok(_("Every container is shut in, and none can gain rights"))


def _open(settings: dict) -> list[str]:
    found = [_("privileged")] if settings.get("Privileged") else []
    found += [
        _("in the host's {what}", what=what) for what in ("NetworkMode", "PidMode", "IpcMode") if settings.get(what) == "host"
    ]
    if not any(str(option).startswith("no-new-privileges") for option in settings.get("SecurityOpt") or []):
        found.append(_("may gain rights"))
    return found
