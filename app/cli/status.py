"""`tradeai status`: the supervisor's view of every service; exit code 1 when a core service is down."""

from collections.abc import Mapping
from typing import Any

import click
import httpx
from rich.text import Text

from app.cli.output import grid, show
from app.core.errors import Unavailable
from app.core.http import open_client
from app.core.i18n import _
from app.core.settings import settings

_TIMEOUT_SECONDS = 5.0
STYLES = {"healthy": "green", "starting": "yellow", "degraded": "yellow", "maintenance": "yellow", "stopped": "yellow"}


@click.command(help=_("Show every service. Exit code 1 when a core service is down."))
def command() -> None:
    health = fetch_health()
    show(health, *_for_people(health))
    if health["status"] == "down":
        raise SystemExit(1)


def fetch_health() -> dict[str, Any]:
    """The supervisor's `GET /health`. Raises Unavailable when it does not answer with one."""
    url = settings().supervisor_url
    try:
        with open_client(url, timeout_seconds=_TIMEOUT_SECONDS) as http:
            body = http.get("/health").json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(
            _(
                "The supervisor does not answer at {url} ({error}). Start the appliance: docker compose up -d",
                url=url,
                error=str(error),
            )
        ) from error
    if not isinstance(body, dict) or not {"status", "services"} <= body.keys():
        raise Unavailable(_("Something other than the supervisor answers at {url}.", url=url))
    return body


def _for_people(health: Mapping[str, Any]) -> tuple[Any, ...]:
    rows = [_row(name, service) for name, service in health["services"].items()]
    columns = [_("Service"), _("Status"), _("Since"), _("Latency"), _("Restarts"), _("Reason")]
    return grid(columns, rows), "", Text(health.get("summary") or health["status"], style="bold")


def _row(name: str, service: Mapping[str, Any]) -> list[Any]:
    latency = service.get("latency_ms")
    return [
        name,
        Text(service["status"], style=STYLES.get(service["status"], "red")),
        service.get("since") or "",
        "" if latency is None else f"{latency:.0f} ms",
        str(service.get("restarts", "")),
        service.get("reason") or "",
    ]
