"""`tradeai incidents ...`: what went wrong, what was done about it, and how available everything was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.output import grid, show
from app.core.errors import Invalid
from app.core.i18n import _

_API = "/api/v1/incidents"
_STYLES = {"open": "red", "recovered": "yellow", "ended": "green"}

_number = click.argument("number", type=click.IntRange(1))


@click.group(help=_("List and show incidents, add notes, write the post-mortem, and see a month's figures."))
def group() -> None:
    """Commands about incidents; the supervisor keeps them."""


@group.command(name="list", help=_("List incidents, newest first. Exit code 1 when one is open."))
@click.option("--open", "only_open", is_flag=True, help=_("Only those that have not ended."))
def list_incidents(only_open: bool) -> None:
    document = ask_keeper("GET", f"{_API}?state={'open' if only_open else 'all'}")
    rows = [_row(incident) for incident in document["incidents"]]
    columns = [_("Number"), _("Priority"), _("State"), _("Began"), _("Cause"), _("Affected"), _("Recovered after")]
    show(document, grid(columns, rows) if rows else _("No incidents."))
    if any(incident["state"] == "open" for incident in document["incidents"]):
        raise SystemExit(1)


@group.command(name="show", help=_("Show one incident with its timeline and evidence."))
@_number
def show_incident(number: int) -> None:
    incident = ask_keeper("GET", f"{_API}/{number}")
    facts = [
        (_("Priority"), incident["priority"]),
        (_("State"), Text(incident["state"], style=_STYLES.get(incident["state"], ""))),
        (_("Reason"), incident["reason"]),
        (_("Affected"), ", ".join(incident["affected"]) or _("no service")),
        (_("Began"), incident["began_at"]),
        (_("Detected after"), _seconds(incident["seconds_to_detect"])),
        (_("Acted after"), _seconds(incident["seconds_to_act"])),
        (_("Recovered after"), _seconds(incident["seconds_to_recover"])),
        (_("Ended"), incident["ended_at"] or _("not yet")),
    ]
    timeline = [[entry["at"], entry["kind"], entry["text"], entry["by"]] for entry in incident["timeline"]]
    title = Text(_("Incident {number}: {cause}", number=number, cause=incident["cause"]), style="bold")
    history = grid([_("At"), _("Kind"), _("What"), _("Who")], timeline)
    show(incident, title, grid(["", ""], facts), "", history, *_evidence(incident))


@group.command(help=_("Add a note to an incident."))
@_number
@click.argument("text")
@click.option("--who", default="operator", metavar="NAME", help=_("Who you are: the operator's account is shared."))
def note(number: int, text: str, who: str) -> None:
    added = ask_keeper("POST", f"{_API}/{number}/notes", {"text": text, "who": who})
    show(added, _("The note is part of incident {number}.", number=number))


@group.command(help=_("Print the post-mortem of an incident as Markdown, its figures filled in, or write it to a file."))
@_number
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help=_("Where to write it."))
def postmortem(number: int, output: Path | None) -> None:
    document = ask_keeper("GET", f"{_API}/{number}/postmortem")
    if output is None:
        show(document, document["markdown"])
        return
    try:
        output.write_text(document["markdown"])
    except OSError as error:
        raise Invalid(_("{file} cannot be written: {error}", file=output, error=error.strerror)) from error
    show({**document, "file": str(output)}, _("Written to {file}.", file=output))


@group.command(help=_("Show how available each service was in a MONTH like 2026-03, this one without it."))
@click.argument("month", required=False, default="")
def month(month: str) -> None:
    figures = ask_keeper("GET", f"/api/v1/availability?month={month}")
    rows = [[one["service"], _share(one["availability"]), _seconds(one["down_seconds"])] for one in figures["services"]]
    text = _("{month}: {incidents} incidents; detected after {detect}, recovered after {recover} on average.")
    summary = text.format(
        month=figures["month"],
        incidents=figures["incidents"],
        detect=_seconds(figures["mean_seconds_to_detect"]),
        recover=_seconds(figures["mean_seconds_to_recover"]),
    )
    show(figures, grid([_("Service"), _("Availability"), _("Not working")], rows), "", summary)


def _row(incident: Mapping[str, Any]) -> list[Any]:
    return [
        str(incident["number"]),
        incident["priority"],
        Text(incident["state"], style=_STYLES.get(incident["state"], "")),
        incident["began_at"],
        incident["cause"],
        ", ".join(incident["affected"]),
        _seconds(incident["seconds_to_recover"]),
    ]


def _evidence(incident: Mapping[str, Any]) -> list[Any]:
    parts: list[Any] = []
    for found in incident["evidence"]:
        code = _("exit code {code}", code=found["exit_code"]) if found["exit_code"] is not None else _("it runs")
        memory = f", {_('out of memory')}" if found["oom_killed"] else ""
        parts += ["", Text(f"{found['service']} {found['at']}: {code}{memory}", style="bold"), *map(Text, found["logs"])]
    return parts


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} s"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.3f} %"
