"""`tradeai handover`, `list`, `show`, `verify`: the evidence-backed handover report, and whether one is as it was sealed."""

import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.output import grid, show
from app.core.i18n import _

_API = "/api/v1/handover"
_SECONDS = 180


@click.group(invoke_without_command=True, help=_("Make a handover report from evidence; list, show and verify reports."))
@click.option("--who", envvar="TRADEAI_WHO", default="tradeai handover", metavar="NAME", help=_("Who makes it, for the record."))
@click.pass_context
def group(context: click.Context, who: str) -> None:
    """Without a command: a new report."""
    if context.invoked_subcommand is None:
        _show(ask_keeper("POST", _API, {"who": who}, _SECONDS))


@group.command("list", help=_("Show every report that was made."))
def list_() -> None:
    document = ask_keeper("GET", _API)
    rows = [
        [one["id"], f"{one['proven']}/{one['count']}", one["made_by"] or one["trouble"], one["file"]]
        for one in document["reports"]
    ]
    columns = [_("Report"), _("Proven"), _("Made by"), _("File in BACKUP_DIR/handover")]
    show(document, grid(columns, rows) if rows else _("There is none yet. Make one: tradeai handover"))


@group.command("show", help=_("Show the checklist of a REPORT; by default the newest."))
@click.argument("report", default="latest")
def show_(report: str) -> None:
    _show(ask_keeper("GET", f"{_API}/{_name(report)}"))


@group.command(
    help=_("Say whether a REPORT is as this appliance sealed it: a name of the list, or a file. Exit code 1 when not.")
)
@click.argument("report", default="latest")
def verify(report: str) -> None:
    given = report == "-"
    judged = _judged(sys.stdin.buffer) if given else ask_keeper("POST", f"{_API}/{_name(report)}/check")
    show(judged, Text(judged["text"], style="green" if judged["good"] else "red"))
    if not judged["good"]:
        raise SystemExit(1)


def _judged(file: BinaryIO) -> Mapping[str, Any]:
    """A file from elsewhere, held against the key of the appliance."""
    from app.supervisor.handover.seal import judge

    found = judge(file.read(), bytes.fromhex(ask_keeper("GET", f"{_API}/key")["public"]))
    return {"good": found.good, "text": found.text, "seal": dict(found.seal)}


def _show(report: Mapping[str, Any]) -> None:
    rows = [[_word(line["proven"]), line["title"], line["proof"]] for line in report["checklist"]]
    total = _("{proven} of {count} lines are proven", proven=report["proven"], count=report["count"])
    where = _("The sealed report is {file} in the folder handover of BACKUP_DIR.", file=report["file"])
    key = _("Key, to be written down at the handover: {key}", key=report["key"])
    show(report, grid([_("State"), _("Line"), _("Evidence")], rows), Text(total, style="bold"), where, key)


def _word(proven: bool) -> Text:
    return Text(_("proven"), style="green") if proven else Text(_("not proven"), style="yellow")


def _name(report: str) -> str:
    """A name as part of an address; for a file that is not there, what to do."""
    if not report.isalnum():
        raise click.BadParameter(_("there is no such file, and it is no name of a report; tradeai handover list shows them"))
    return report
