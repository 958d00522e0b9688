"""The health document: what `GET /health` answers. Pure; shows nothing that would help an attacker."""

from datetime import datetime
from typing import Any

from app.core.clock import iso
from app.core.i18n import _, ngettext
from app.supervisor.state import Phase, ServiceState, State

OK, DEGRADED, DOWN = "ok", "degraded", "down"


def health(state: State, now: datetime, version: str, stuck: bool = False) -> dict[str, Any]:
    """The whole document. `down` names every core service that does not work now."""
    down = [kept.name for kept in state.kept if kept.core and state.services[kept.name].phase is not Phase.HEALTHY]
    ailing = [kept.name for kept in state.kept if not kept.core and state.services[kept.name].phase is not Phase.HEALTHY]
    overall = DOWN if down or stuck else DEGRADED if ailing or not state.docker.answers else OK
    return {
        "status": overall,
        "summary": _summary(state, down, ailing, stuck),
        "version": version,
        "at": iso(now),
        "down": down,
        "services": {
            **{kept.name: _service(state.services[kept.name], kept.stage) for kept in state.kept},
            "dockerproxy": _dockerproxy(state),
            "supervisor": {"status": "failed" if stuck else "healthy", "stage": 0},
        },
    }


def http_status(document: dict[str, Any]) -> int:
    """503 when a core service is down, else 200."""
    return 503 if document["status"] == DOWN else 200


def _summary(state: State, down: list[str], ailing: list[str], stuck: bool) -> str:
    if stuck:
        return _("The supervisor itself is stuck: docker compose restart supervisor")
    if down:
        roots = [name for name in down if state.services[name].blamed_on is None] or down
        names = ", ".join(roots)
        others = len(down) - len(roots)
        if others:
            return _("Down: {names}, and {count} more that depend on it", names=names, count=others)
        return _("Down: {names}", names=names)
    if ailing:
        return _("Not healthy: {names}", names=", ".join(ailing))
    if not state.docker.answers:
        return _("All services answer, but Docker does not: nothing can be restarted")
    count = len(state.kept)
    return ngettext("{count} service is healthy", "All {count} services are healthy", count)


def _service(service: ServiceState, stage: int) -> dict[str, Any]:
    latency = service.probe.latency_ms
    document: dict[str, Any] = {
        "status": service.phase.value,
        "since": iso(service.since) if service.since else None,
        "latency_ms": round(latency, 1) if latency is not None and service.running else None,
        "restarts": service.restarts,
        "stage": stage,
    }
    if service.reason:
        document["reason"] = str(service.reason)
    if service.blamed_on:
        document["blamed_on"] = service.blamed_on
    return document


def _dockerproxy(state: State) -> dict[str, Any]:
    status = {True: "healthy", False: "failed", None: "unknown"}[state.docker.answers]
    document: dict[str, Any] = {"status": status, "since": iso(state.docker.since) if state.docker.since else None, "stage": 0}
    if state.docker.answers is False:
        document["reason"] = _("Docker does not answer through it; services cannot be restarted until it does")
    return document


def readiness(state: State, stuck: bool, trouble: str) -> dict[str, str]:
    """What `/readyz` asks: check -> empty when fine, else what is wrong."""
    return {
        "loop": _("it has not turned for half a minute") if stuck else "",
        "docker": "" if state.docker.answers else _("Docker does not answer through its proxy"),
        "seen": "" if all(service.seen for service in state.services.values()) else _("not every container was looked at yet"),
        "state": _("what must be remembered cannot be stored") if trouble else "",
    }
