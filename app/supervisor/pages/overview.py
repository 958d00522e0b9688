"""What the overview shows: one line a service, and the host; plain values for the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.i18n import N_, _
from app.supervisor.host.disks import words_for
from app.supervisor.pages import formatting
from app.supervisor.services import STAGES, Kept
from app.supervisor.state import HostState, Outcome, Phase, ServiceState, State

# What each state is called on the page and which tone it has; a symbol of its own keeps colour from being the only sign.
PHASES: Mapping[Phase, tuple[str, str]] = {
    Phase.UNKNOWN: (N_("Unknown"), "neutral"),
    Phase.STARTING: (N_("Starting"), "warn"),
    Phase.HEALTHY: (N_("Healthy"), "good"),
    Phase.DEGRADED: (N_("Degraded"), "warn"),
    Phase.FAILED: (N_("Failed"), "bad"),
    Phase.QUARANTINED: (N_("Quarantined"), "bad"),
    Phase.STOPPED: (N_("Stopped"), "neutral"),
    Phase.MAINTENANCE: (N_("Maintenance"), "warn"),
}


@dataclass(frozen=True)
class Row:
    """One service as a line."""

    name: str
    stage: str
    phase: str
    tone: str
    since: str
    since_at: datetime | None
    reason: str
    cpu: str
    memory: str
    restarts: int
    probe: str
    quarantined: bool
    next_attempt: str


def rows(state: State, now: datetime) -> list[Row]:
    """The services in the order they start."""
    return [row(kept, state.services[kept.name], now) for kept in state.kept]


def row(kept: Kept, service: ServiceState, now: datetime) -> Row:
    """One line."""
    word, tone = PHASES[service.phase]
    usage = service.usage if service.running else None
    waiting = service.next_attempt_at if service.phase is Phase.FAILED else None
    return Row(
        name=kept.name,
        stage=STAGES[kept.stage],
        phase=_(word),
        tone=tone,
        since=formatting.since(service.since, now),
        since_at=service.since,
        reason=_doing(service) or str(service.reason),
        cpu=formatting.percent(usage.cpu if usage else None),
        memory=formatting.size(usage.memory if usage else None),
        restarts=service.restarts,
        probe=_probe(service, now),
        quarantined=service.quarantined,
        next_attempt=formatting.span(waiting - now) if waiting else "",
    )


def host_facts(host: HostState | None) -> list[tuple[str, str, str]]:
    """(what, value, of what) for the strip above the table."""
    if host is None:
        return []
    facts = [
        (_("Processors"), formatting.percent(host.cpu), _("of {count}", count=host.cpu_count)),
        (
            _("Memory"),
            formatting.size(host.memory_total - host.memory_available),
            _("of {total}", total=formatting.size(host.memory_total)),
        ),
        (_("Disk"), formatting.size(host.disk_total - host.disk_free), _("of {total}", total=formatting.size(host.disk_total))),
        *(
            (
                words_for(disk.name).capitalize(),
                formatting.size(disk.total - disk.free),
                _("of {total}", total=formatting.size(disk.total)),
            )
            for disk in host.disks
        ),
        (_("Load"), f"{host.load[0]:.2f}", _("{five} over 5 min", five=f"{host.load[1]:.2f}")),
    ]
    if host.swap_total:
        facts.append((_("Swap"), formatting.size(host.swap_used), _("of {total}", total=formatting.size(host.swap_total))))
    return facts


def dependants(state: State, name: str) -> list[str]:
    """Who cannot work without `name`, directly or through another."""
    found: list[str] = []
    for kept in sorted(state.kept, key=lambda kept: kept.stage):
        if any(other == name or other in found for other in (*kept.depends_on, *kept.fronts)):
            found.append(kept.name)
    return found


def _doing(service: ServiceState) -> str:
    if service.acting is None:
        return ""
    reason = f" ({service.reason})" if service.reason else ""
    return _("Docker is at work on it") + reason


def _probe(service: ServiceState, now: datetime) -> str:
    probe = service.probe
    if probe.outcome is None or probe.at is None or not service.running:
        return "–"
    if probe.outcome is Outcome.OK:
        return formatting.milliseconds(probe.latency_ms)
    return _("{detail}, {ago} ago", detail=probe.detail or probe.outcome.value, ago=formatting.since(probe.at, now))
