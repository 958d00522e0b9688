"""The health document: what `GET /health` answers. Pure; shows nothing that would help an attacker."""

from datetime import datetime, timedelta
from typing import Any

from app.core.clock import iso
from app.core.i18n import _, ngettext
from app.supervisor.measures.beside import FIGURE
from app.supervisor.services import BESIDE
from app.supervisor.state import ServiceState, State

_FRESH = timedelta(minutes=5)
OK, DEGRADED, MAINTENANCE, DOWN = "ok", "degraded", "maintenance", "down"


def health(state: State, now: datetime, version: str, stuck: bool = False) -> dict[str, Any]:
    """The whole document. `down` names every core service that does not work now, be it for maintenance."""
    down = [kept.name for kept in state.kept if kept.core and not state.of_use(kept.name)]
    ailing = [kept.name for kept in state.kept if not kept.core and not state.of_use(kept.name)]
    ailing += [name for name in BESIDE if _beside(name, state, now)["status"] == "failed"]
    unplanned = [name for name in down if not _planned(state, name)]
    overall = DEGRADED if ailing or not state.docker.answers else OK
    if stuck or unplanned:
        overall = DOWN
    elif state.leases:
        overall = MAINTENANCE
    return {
        "status": overall,
        "summary": _summary(state, unplanned, ailing, stuck),
        "version": version,
        "at": iso(now),
        "down": down,
        **_maintenance(state),
        "services": {
            **{kept.name: service_document(state.services[kept.name], kept.stage) for kept in state.kept},
            **{name: _beside(name, state, now) for name in BESIDE},
            "dockerproxy": _dockerproxy(state),
            "supervisor": {"status": "failed" if stuck else "healthy", "stage": 0},
        },
    }


def http_status(document: dict[str, Any]) -> int:
    """503 when a core service does not work, planned or not, else 200."""
    return 503 if document["status"] == DOWN or document["down"] else 200


def _planned(state: State, name: str) -> bool:
    """Whether it is away because of a lease over it, or over what it depends on."""
    service = state.services[name]
    return any(state.lease_over(at_fault) for at_fault in (name, service.blamed_on) if at_fault)


def _maintenance(state: State) -> dict[str, Any]:
    """Who works on what and until when; nothing while nobody does."""
    if not state.leases:
        return {}
    return {
        "maintenance": [
            {"name": lease.name, "services": list(lease.services), "why": lease.why, "until": iso(lease.until)}
            for lease in state.leases.values()
        ]
    }


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
    if state.leases:
        lease = min(state.leases.values(), key=lambda lease: lease.until)
        return _("Maintenance until {until} UTC: {why}", until=f"{lease.until:%H:%M}", why=lease.why)
    if ailing:
        return _("Not healthy: {names}", names=", ".join(ailing))
    if not state.docker.answers:
        return _("All services answer, but Docker does not: nothing can be restarted")
    count = len(state.kept)
    return ngettext("{count} service is healthy", "All {count} services are healthy", count)


def service_document(service: ServiceState, stage: int) -> dict[str, Any]:
    """One service of the document."""
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


def _beside(name: str, state: State, now: datetime) -> dict[str, Any]:
    """A container beside the stages; unknown while nobody has looked at it lately."""
    measure = state.measures.get((FIGURE, name))
    if measure is None or now - measure.at > _FRESH:
        return {"status": "unknown", "stage": 0}
    if not measure.value:
        return {"status": "healthy", "stage": 0}
    return {"status": "failed", "stage": 0, "reason": measure.detail}


def readiness(state: State, stuck: bool, trouble: str, history: str = "") -> dict[str, str]:
    """What `/readyz` asks: check -> empty when fine, else what is wrong."""
    return {
        "loop": _("it has not turned for half a minute") if stuck else "",
        "docker": "" if state.docker.answers else _("Docker does not answer through its proxy"),
        "seen": "" if all(service.seen for service in state.services.values()) else _("not every container was looked at yet"),
        "state": _("what must be remembered cannot be stored") if trouble else "",
        "history": _("figures cannot be recorded") if history else "",
    }
