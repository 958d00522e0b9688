"""Containers that hold Docker's socket, which is as good as root on the host."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Access to Docker"), Source.SUPERVISOR
_MAY = "dockerproxy"


def look(world: World) -> Finding:
    holders = sorted(
        name
        for name, container in world.containers().items()
        if name != _MAY and any("docker.sock" in str(mount.get("Source", "")) for mount in container.get("Mounts") or [])
    )
    if holders:
        return problem(
            _("These hold Docker's socket: {names}", names=", ".join(holders)),
            _("Remove the mount; only the filtering proxy may hold it. Then docker compose up -d."),
        )
    return ok(_("Only the filtering proxy holds Docker's socket"))
