"""Ports that Docker opens on this machine for the containers."""

from app.core.i18n import N_, _
from app.supervisor.doctor.finding import Finding, Source, ok, problem
from app.supervisor.doctor.world import World

GROUP, TITLE, SOURCE = "containers", N_("Published ports"), Source.SUPERVISOR
_PUBLIC = "nginx"
_LOOPBACK = ("127.", "::1")


def look(world: World) -> Finding:
    beyond = [
        f"{name} {bound.get('HostIp') or '*'}:{bound.get('HostPort')}"
        for name, container in sorted(world.containers().items())
        for bounds in (container["HostConfig"].get("PortBindings") or {}).values()
        for bound in bounds or []
        if name != _PUBLIC and not str(bound.get("HostIp", "")).startswith(_LOOPBACK)
    ]
    if beyond:
        return problem(
            _("Open to the network although nginx alone should be: {ports}", ports=", ".join(beyond)),
            _("Publish them on 127.0.0.1 only, then docker compose up -d. A firewall does not close what Docker opens."),
        )
    return ok(_("Only nginx is open to the network"))
