"""`tradeai doctor`: examines the appliance and its host; exit code 0 in order, 1 warnings, 2 problems, for cron."""

import json
from collections.abc import Mapping
from typing import Any, TextIO

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.output import fail, say, show
from app.core.errors import BadRequest, TradeError
from app.core.i18n import N_, _

_PROBLEMS = 2
_EXIT = {"ok": 0, "unknown": 1, "warning": 1, "problem": _PROBLEMS}
_WORDS = {
    "problem": (N_("PROBLEM"), "bold red"),
    "warning": (N_("warning"), "yellow"),
    "unknown": (N_("not known"), "dim"),
    "ok": (N_("ok"), "green"),
}
_SECONDS = 180


@click.command(help=_("Examine the appliance and its host. Exit code 0: in order, 1: warnings, 2: problems."))
@click.option("--fix", "name", metavar="NAME", help=_("Carry out the safe fix of one check first."))
@click.option("--last", is_flag=True, help=_("Show the last examination instead of making one."))
@click.option(
    "--facts", type=click.File(), help=_("What scripts/host-facts.sh printed; - for standard input (done by itself on the host).")
)
def command(name: str | None, last: bool, facts: TextIO | None) -> None:
    try:
        document = examine(name, last, facts)
    except TradeError as error:
        fail(error, _PROBLEMS)
    show(document, *for_people(document))
    raise SystemExit(_EXIT.get(document["status"], _PROBLEMS))


def examine(name: str | None, last: bool, facts: TextIO | None) -> Mapping[str, Any]:
    """The examination as the supervisor reports it, facts sent and the fix done before. Raises TradeError."""
    if facts is not None:
        ask_keeper("PUT", "/api/v1/doctor/facts", _read(facts))
    if name:
        done = ask_keeper("POST", f"/api/v1/doctor/fixes/{name}", {"who": "tradeai doctor"}, _SECONDS)
        say(done["done"])
        last = True  # it was looked at again
    if last:
        return dict(ask_keeper("GET", "/api/v1/doctor"))
    return dict(ask_keeper("POST", "/api/v1/doctor/runs", {"who": "tradeai doctor"}, _SECONDS))


def for_people(document: Mapping[str, Any]) -> list[Text]:
    """What needs somebody first, each with evidence and remedy; then one line for each check in order."""
    order = list(_WORDS)
    checks = sorted(document["checks"], key=lambda check: order.index(check["verdict"]))
    lines = [part for check in checks for part in _lines(check)]
    total = _(
        "{problems} problems, {warnings} warnings, {fine} in order", **{n: document[n] for n in ("problems", "warnings", "fine")}
    )
    return [*lines, Text(), Text(total, style="bold")]


def _lines(check: Mapping[str, Any]) -> list[Text]:
    word, style = _WORDS[check["verdict"]]
    head = Text.assemble((f"{_(word):<10}", style), f"{check['title']}: {check['evidence']}")
    if check["verdict"] not in {"problem", "warning"}:
        return [head]
    fix = _(" Safe fix: tradeai doctor --fix {name}", name=check["name"]) if check["fixable"] else ""
    return [head, Text(f"{'':<10}{check['remedy']}{fix}", style="dim")]


def _read(facts: TextIO) -> dict[str, Any]:
    try:
        document = json.load(facts)
    except ValueError as error:
        raise BadRequest(
            _("These facts are not JSON ({error}). Send what scripts/host-facts.sh prints.", error=str(error))
        ) from error
    if not isinstance(document, dict):
        raise BadRequest(_("These facts are not a JSON object. Send what scripts/host-facts.sh prints."))
    return document
