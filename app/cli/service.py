"""`tradeai service list|start|stop|restart|release|maintenance|journal`: asks the supervisor and says what came of it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.length import seconds
from app.cli.output import grid, show
from app.cli.service_maintenance import maintenance
from app.cli.status import STYLES
from app.core.i18n import N_, _

_API = "/api/v1/services"
_WAIT_SECONDS = 60
_EXIT_PENDING = 2
_HELP = {
    "start": N_("Start a service that is stopped."),
    "stop": N_("Stop a service; it stays stopped until it is started or the host boots, or with --for until the time is up."),
    "restart": N_("Stop a service gently and start it again."),
    "release": N_("Take a service out of quarantine and start it, with a fresh budget of restarts."),
}


@click.group(help=_("List, start, stop, restart and release the services of this appliance."))
def group() -> None:
    """Commands about services."""


@group.command("list", help=_("Every service with its state."))
def list_() -> None:
    listed = ask_keeper("GET", _API)
    columns = [_("Service"), _("Status"), _("Since"), _("Restarts"), _("Depends on"), _("Reason")]
    show(listed, grid(columns, [_row(service) for service in listed["services"]]))


@group.command(help=_("What happened and who did what, newest first; about one service or heading when NAME is given."))
@click.argument("name", default="")
@click.option("--text", default="", help=_("Only lines that contain this."))
@click.option("--bad", is_flag=True, help=_("Only what went wrong."))
@click.option("--count", type=click.IntRange(1, 500), default=50, show_default=True, help=_("How many lines."))
@click.option("--before", type=int, default=0, help=_("Only lines older than the one of this number."))
def journal(name: str, text: str, bad: bool, count: int, before: int) -> None:
    wanted = {"about": name, "text": text, "bad": int(bad), "count": count, "before": before}
    found = ask_keeper("GET", f"/api/v1/journal?{urlencode(wanted)}")
    columns = [_("Number"), _("When"), _("About"), _("What")]
    rows = [
        [str(line["id"]), line["at"], line["about"], Text(line["text"], style="red" if line["bad"] else "")]
        for line in found["lines"]
    ]
    show(found, grid(columns, rows) if rows else _("No line fits."))


def _length_of(wish: str) -> Callable[[Any], Any]:
    """Only a stop has an end."""
    option = click.option(
        "--for", "length", default="", metavar="TIME", help=_("Start it again by itself after 30m, 4h, at most 1d.")
    )
    return option if wish == "stop" else lambda command: command


def _command(wish: str) -> click.Command:
    @group.command(wish, help=_(_HELP[wish]) + " " + _("Exit code 1 when it fails, 2 when it is still under way."))
    @click.argument("name")
    @click.option("--reason", default="", help=_("Why, for the journal."))
    @click.option("--who", default="operator", envvar="TRADEAI_WHO", help=_("Who you are, for the journal."))
    @click.option("--wait", type=click.IntRange(0, 300), default=_WAIT_SECONDS, show_default=True, help=_("Seconds to wait."))
    @click.option("--lease", default="", help=_("The maintenance in whose course it is done."))
    @_length_of(wish)
    def act(name: str, reason: str, who: str, wait: int, lease: str, length: str = "") -> None:
        body = {"who": who, "reason": reason, "lease": lease, **({"seconds": seconds(length)} if length else {})}
        answer = ask_keeper("POST", f"{_API}/{quote(name, safe='')}/{wish}?wait={wait}", body, seconds=wait + 30)
        show(answer, Text(answer["detail"]))
        if answer["outcome"] == "pending" and wait:
            raise SystemExit(_EXIT_PENDING)

    return act


for _each in _HELP:
    _command(_each)
group.add_command(maintenance)


def _row(service: Mapping[str, Any]) -> list[Any]:
    return [
        service["name"],
        Text(service["status"], style=STYLES.get(service["status"], "red")),
        service.get("since") or "",
        str(service["restarts"]),
        ", ".join(service["depends_on"]),
        service.get("reason") or "",
    ]
