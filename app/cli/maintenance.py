"""`tradeai maintenance list|run|sign`: the daily, weekly and monthly tasks, who did them, and what is overdue."""

from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.output import grid, show
from app.core.i18n import N_, _

_SECONDS = 180
_WORDS = {
    "overdue": (N_("overdue"), "bold red"),
    "missed": (N_("left open"), "red"),
    "attention": (N_("needs a look"), "yellow"),
    "waiting": (N_("due"), "yellow"),
    "done": (N_("done"), "green"),
    "ahead": (N_("ahead"), "dim"),
    "none": (N_("not yet"), "dim"),
}


@click.group(help=_("See, run and sign off the daily, weekly and monthly tasks."))
def group() -> None:
    """Commands about the maintenance calendar."""


@group.command("list", help=_("Show every task. Exit code 1 when one is overdue."))
def list_() -> None:
    document = ask_keeper("GET", "/api/v1/maintenance")
    rows = [_row(duty) for duty in document["duties"]]
    columns = [_("Task"), _("Every"), _("Day"), _("State"), _("Proof"), _("Signed")]
    show(document, grid(columns, rows))
    if document["overdue"]:
        raise SystemExit(1)


@group.command(help=_("Let the machine look at a task now."))
@click.argument("name")
def run(name: str) -> None:
    _show_one(ask_keeper("POST", f"/api/v1/maintenance/{name}/run", {"who": "tradeai maintenance"}, _SECONDS))


@group.command(help=_("Sign that a task is done."))
@click.argument("name")
@click.option("--who", required=True, help=_("Your name."))
@click.option("--note", required=True, help=_("What you did or saw."))
@click.option("--day", default="", help=_("The day it fell on, as 2026-03-02; by default the present turn."))
def sign(name: str, who: str, note: str, day: str) -> None:
    _show_one(ask_keeper("POST", f"/api/v1/maintenance/{name}/sign", {"who": who, "note": note, "day": day}))


def _show_one(duty: Mapping[str, Any]) -> None:
    word, style = _WORDS[duty["standing"]]
    lines = [Text.assemble(f"{duty['title']} ({duty['day']}): ", (_(word), style)), Text(duty["proof"])]
    show(duty, *lines, *(Text(f"  {line}", style="dim") for line in duty["details"]))


def _row(duty: Mapping[str, Any]) -> list[Any]:
    word, style = _WORDS[duty["standing"]]
    return [
        duty["name"],
        duty["every"],
        duty["day"],
        Text(_(word), style=style),
        duty["proof"] or duty["what"],
        duty["signed_by"],
    ]
