"""Gathers the evidence from where the supervisor keeps it. A part that cannot be told is left out, with the reason."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app import __version__
from app.core.clock import Clock
from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.gather import WATCHED
from app.supervisor.doctor.records import Records
from app.supervisor.engine import EngineError, EngineSilent
from app.supervisor.handover.alerting import Telling, channels, contacts, deadlines, rules
from app.supervisor.handover.evidence import WEEK, Audit, Evidence, Finding, Running, Uptime
from app.supervisor.handover.problems import Open, problems
from app.supervisor.handover.recovery import Backups, recovery
from app.supervisor.history.phases import Span, availability
from app.supervisor.services import STAGES, Kept
from app.supervisor.state import State

Found = TypeVar("Found")

log = get_logger(__name__)


class Engine(Protocol):
    """What is asked of Docker."""

    def describe(self, service: str) -> Mapping[str, Any] | None: ...
    def version(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Ports:
    """Where evidence comes from; every one of them may fail."""

    clock: Clock
    name: Callable[[], str]  # the address people type
    state: Callable[[], State]
    engine: Engine
    spans: Callable[[datetime, datetime], Sequence[Span]]
    doctor: Records
    backups: Backups
    alerts: Telling
    open: Open


def gather(ports: Ports) -> Evidence:
    """One look at everything."""
    now, state, silence = ports.clock.now(), ports.state(), dict[str, str]()
    saved, copied, proven, load = _try("backups", lambda: recovery(ports.backups), silence) or (None, None, None, None)
    found = {
        "TradeAI": __version__,
        _("Kernel"): platform.release(),
        **(_try("docker", lambda: _docker(ports.engine), silence) or {}),
    }
    if saved is not None:
        found[_("Database server, as the last backup saw it")] = saved.server_version
    settings = ports.doctor.facts()
    if settings is not None and "settings_hash" in settings.seen:
        found[_("Fingerprint of the settings")] = str(settings.seen["settings_hash"])
    return Evidence(
        now=now,
        name=ports.name(),
        versions=found,
        running=running(state, ports.engine),
        uptime=_try("uptime", lambda: uptime(state, ports.spans(now - WEEK, now)), silence) or (),
        audit=_try("audit", lambda: audit(ports.doctor), silence),
        saved=saved,
        copied=copied,
        proven=proven,
        load=load,
        rules=rules(ports.alerts),
        contacts=contacts(ports.alerts),
        channels=channels(ports.alerts),
        deadlines=deadlines(ports.alerts),
        problems=problems(ports.open, state, ports.doctor.results()),
        silence=silence,
    )


def running(state: State, engine: Engine) -> tuple[Running, ...]:
    """Every container that the supervisor may look at, in the order of the stages. A silent Docker is asked once only."""
    kept, found, silent = {one.name: one for one in state.kept}, list[Running](), ""
    for name in [*kept, *(name for name in WATCHED if name not in kept)]:
        container, trouble = None, silent
        if not silent:
            try:
                container = engine.describe(name)
                trouble = "" if container else _("Docker knows no container of that name")
            except EngineError as error:
                trouble = str(error) or type(error).__name__
                silent = trouble if isinstance(error, EngineSilent) else ""
        found.append(_running(name, kept.get(name), state, container or {}, trouble))
    return tuple(found)


def _running(name: str, kept: Kept | None, state: State, container: Mapping[str, Any], trouble: str) -> Running:
    service, host, ports = state.services.get(name), container.get("HostConfig") or {}, list[str]()
    for inside, outside in (host.get("PortBindings") or {}).items():
        ports += [f"{one.get('HostIp') or '*'}:{one.get('HostPort')} -> {inside}" for one in outside or ()]
    return Running(
        name=name,
        state=service.phase.value if service else "",
        since=service.since if service else None,
        stage=STAGES.get(kept.stage, str(kept.stage)) if kept else "",
        needs=kept.depends_on + kept.fronts if kept else (),
        image=str((container.get("Config") or {}).get("Image", "")),
        digest=str(container.get("Image", "")),
        memory=int(host.get("Memory") or 0),
        networks=tuple(sorted((container.get("NetworkSettings") or {}).get("Networks") or ())),
        ports=tuple(sorted(ports)),
        trouble=trouble,
    )


def uptime(state: State, spans: Sequence[Span]) -> tuple[Uptime, ...]:
    """One line a service, in the order of the stages."""
    found = availability(spans, [kept.name for kept in state.kept])
    return tuple(Uptime(one.service, one.up, one.down, one.planned, one.share) for one in found)


def audit(records: Records) -> Audit | None:
    """The last examination; None before the first one."""
    runs, results, facts = records.runs(1), records.results(), records.facts()
    if not runs:
        return None
    last, urgent = runs[0], (Verdict.PROBLEM, Verdict.WARNING, Verdict.UNKNOWN)
    chain = next((result for result in results if result.check == "audit_chain"), None)
    return Audit(
        at=last.at,
        why=last.why,
        problems=last.problems,
        warnings=last.warnings,
        unknown=sum(result.verdict is Verdict.UNKNOWN for result in results),
        fine=last.fine,
        facts_at=facts.at if facts else None,
        chain=chain.evidence if chain else "",
        chain_whole=chain is not None and chain.verdict is Verdict.OK,
        findings=tuple(
            Finding(result.verdict.value, result.title, result.evidence, result.remedy)
            for verdict in urgent
            for result in results
            if result.verdict is verdict
        ),
    )


def _docker(engine: Engine) -> dict[str, str]:
    return {"Docker": str(engine.version().get("Version", "?"))}


def _try(part: str, look: Callable[[], Found], silence: dict[str, str]) -> Found | None:
    try:
        return look()
    except (EngineError, OSError, ValueError, KeyError, TypeError) as error:
        log.warning("a part of the handover report could not be told", part=part, error=str(error))
        silence[part] = str(error) or type(error).__name__
        return None
