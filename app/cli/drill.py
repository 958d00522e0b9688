"""`tradeai drill quarterly|list|show`: the recovery test of every quarter, and its reports."""

from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from app.cli.backup import follow
from app.cli.keeper import KeeperRefused, ask_keeper
from app.cli.output import grid, show
from app.core.i18n import N_, _

_API = "/api/v1/backups"
_WORDS = {"good": (N_("good"), "green"), "bad": (N_("went wrong"), "red"), "person": (N_("by a person"), "yellow")}


@click.group(help=_("Test the recovery as every quarter asks, and show the reports."))
def group() -> None:
    """Commands about recovery tests; the container `backup` carries them out."""


@group.command(
    help=_("Back up, restore and compare, failover where clustered, load; with a report. Exit code 1 when one failed.")
)
@click.option("--who", default="tradeai drill", show_default=True, metavar="NAME", help=_("Who you are, for the record."))
def quarterly(who: str) -> None:
    task = follow("quarterly", "", who)
    if "report" not in task["facts"]:
        raise KeeperRefused(task["text"])
    _show(ask_keeper("GET", f"{_API}/reports/{task['facts']['report']}"))


@group.command("list", help=_("Show every report."))
def list_() -> None:
    document = ask_keeper("GET", f"{_API}/reports")
    found = document["reports"]
    rows = [[one["id"], _outcome("good" if one["good"] else "bad"), f"{one['seconds']:.0f} s", one["who"]] for one in found]
    columns = [_("Report"), _("Outcome"), _("Took"), _("Who")]
    show(document, grid(columns, rows) if rows else _("There is none yet. Make one: tradeai drill quarterly"))


@group.command("show", help=_("Show one report in full."))
@click.argument("report")
def show_(report: str) -> None:
    _show(ask_keeper("GET", f"{_API}/reports/{report}"))


def _show(report: Mapping[str, Any]) -> None:
    rows = [[step["title"], _outcome(step["outcome"]), f"{step['seconds']:.0f} s", step["text"]] for step in report["steps"]]
    columns = [_("Step"), _("Outcome"), _("Took"), _("What was seen")]
    show(report, grid(columns, rows), _("The report is kept: {name}", name=report["id"]))
    if not report["good"]:
        raise SystemExit(1)


def _outcome(name: str) -> Text:
    word, style = _WORDS[name]
    return Text(_(word), style=style)
