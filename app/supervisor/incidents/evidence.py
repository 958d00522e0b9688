"""Secures what tells why a service failed, before a restart buries it: how it ended, its last words, the host just then."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.engine import EngineError
from app.supervisor.incidents.incident import Evidence
from app.supervisor.incidents.shelf import Shelf
from app.supervisor.redaction import redact_lines
from app.supervisor.state import HostState, ServiceState

LINES = 50
_LONGEST_LINE = 300

log = get_logger(__name__)


class Logs(Protocol):
    """The last lines a service wrote, until a moment; `Engine.logs` in earnest. Raises EngineError."""

    def __call__(self, service: str, lines: int, until: datetime | None = None) -> list[str]: ...


def secure(
    shelf: Shelf,
    incident: int,
    service: ServiceState,
    host: HostState | None,
    logs: Logs,
    now: datetime,
    run: Callable[[Callable[[], None]], None],
) -> None:
    """Keep the evidence of `service`'s failure; its log is read by `run`, beside the loop."""
    container = service.container
    found = Evidence(
        at=now,
        service=service.name,
        reason=str(service.reason),
        exit_code=container.exit_code if container else None,
        oom_killed=bool(container and container.oom_killed),
        host=host_figures(host),
    )

    def read() -> None:
        shelf.secure(incident, replace(found, logs=tuple(_last_words(logs, service.name, now))))

    run(read)


def host_figures(host: HostState | None) -> dict[str, float]:
    """The host as figures by name; shares from 0 to 1, sizes in bytes."""
    if host is None:
        return {}
    return {
        "cpu": host.cpu,
        "load": host.load[0],
        "memory_available": host.memory_available,
        "memory_total": host.memory_total,
        "swap_used": host.swap_used,
        "disk_free": host.disk_free,
        "disk_total": host.disk_total,
    }


def _last_words(logs: Logs, service: str, until: datetime) -> list[str]:
    try:
        return [line[:_LONGEST_LINE] for line in redact_lines(logs(service, LINES, until))]
    except EngineError as error:
        log.warning("the log of a failed service cannot be read", about=service, error=str(error))
        return [_("The log could not be read: {error}", error=str(error))]
