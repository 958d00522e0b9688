"""`tradeai service maintenance begin|end|list`: the supervisor's hands off services while somebody works on them."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import click

from app.cli.keeper import ask_keeper
from app.cli.length import seconds
from app.cli.output import grid, show
from app.core.i18n import _

_API = "/api/v1/leases"


@click.group("maintenance", help=_("Begin, end and list maintenance: services that are neither healed nor an alarm meanwhile."))
def maintenance() -> None:
    """Commands about leases; the calendar of tasks is `tradeai maintenance`."""


@maintenance.command(help=_("Leave the named SERVICES to you, or all without a name; it ends by itself when the time is up."))
@click.argument("services", nargs=-1)
@click.option("--for", "length", required=True, metavar="TIME", help=_("How long: 30m, 4h, at most 1d."))
@click.option("--why", required=True, help=_("What is done, for everybody who looks; people see it at the closed door."))
@click.option("--who", default="operator", envvar="TRADEAI_WHO", help=_("Who you are."))
@click.option("--name", default="", help=_("What to call it; asking again with the same name and person extends it."))
def begin(services: tuple[str, ...], length: str, why: str, who: str, name: str) -> None:
    name = name or f"by-hand-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    body = {"name": name, "services": list(services) or "all", "seconds": seconds(length), "holder": who, "why": why}
    taken = ask_keeper("POST", _API, body)
    text = _(
        "Maintenance {name} of {services} until {until}. To end it before: tradeai service maintenance end {name}",
        **_worded(taken),
    )
    show(taken, text)


@maintenance.command(help=_("End a maintenance before its time: what was stopped in it starts, and all is judged anew."))
@click.argument("name", required=False)
@click.option("--who", default="operator", envvar="TRADEAI_WHO", help=_("Who you are, for the journal."))
def end(name: str | None, who: str) -> None:
    ended = ask_keeper("DELETE", f"{_API}/{quote(name or _only_one(), safe='')}", {"who": who})
    show(ended, _("Maintenance {name} is over.", **ended))


@maintenance.command("list", help=_("Who works on what, until when, and why."))
def list_() -> None:
    listed = ask_keeper("GET", _API)
    columns = [_("Name"), _("Services"), _("Who"), _("Until"), _("Why")]
    rows = [
        [lease["name"], ", ".join(lease["services"]), lease["holder"], lease["until"], lease["why"]] for lease in listed["leases"]
    ]
    show(listed, grid(columns, rows) if rows else _("Nobody works on anything."))


def _only_one() -> str:
    """The name of the only maintenance there is."""
    names = [lease["name"] for lease in ask_keeper("GET", _API)["leases"]]
    if len(names) != 1:
        there_are = _("There are: {names}", names=", ".join(names)) if names else _("There is none now.")
        raise click.UsageError(_("Name the maintenance to end.") + " " + there_are)
    return str(names[0])


def _worded(lease: Mapping[str, Any]) -> dict[str, Any]:
    return {**lease, "services": ", ".join(lease["services"])}
