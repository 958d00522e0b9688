"""`tradeai alerts ...`: what is wrong, who looks after it, silences, tests of channels and rules, and the settings checked."""

import re
from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from app.cli.keeper import ask_keeper
from app.cli.length import seconds
from app.cli.output import grid, show
from app.core.i18n import _

_API = "/api/v1/alerts"
_STYLES = {"firing": "red", "acknowledged": "yellow", "pending": "dim"}

_who = click.option("--who", required=True, metavar="NAME", help=_("Who you are: the operator's account is shared."))


@click.group(help=_("Show, acknowledge and silence alerts; test channels; check the settings."))
def group() -> None:
    """Commands about alerts; the supervisor carries them out."""


@group.command(name="list", help=_("Show what is wrong. Exit code 1 when something is and nobody looks after it."))
@click.option("--all", "everything", is_flag=True, help=_("Also what is over."))
def list_alerts(everything: bool) -> None:
    document = ask_keeper("GET", _API)
    if everything:
        document["recent"] = ask_keeper("GET", f"{_API}/recent")["alerts"]
    rows = [_row(alert) for alert in [*document["alerts"], *document.get("recent", [])]]
    columns = [_("ID"), _("Priority"), _("State"), _("Since"), _("What"), _("Detail")]
    parts: list[Any] = [grid(columns, rows)] if rows else [_("No alerts.")]
    if not document["channels"]:
        parts.append(Text(_("No channels are configured: alerts reach nobody. See docs/alerts.md."), style="yellow"))
    for silence in document["silences"]:
        parts.append(_("Silence {id}: {rule} {subject} until {until}, {who}: {why}", **silence))
    show(document, *parts)
    if any(alert["stage"] == "firing" and not alert["quiet"] for alert in document["alerts"]):
        raise SystemExit(1)


@group.command(help=_("Say that you look after an alert: nobody else is called for it."))
@click.argument("alert_id", metavar="ID")
@_who
@click.option("--reason", required=True, help=_("Why, or what you are going to do."))
def ack(alert_id: str, who: str, reason: str) -> None:
    done = ask_keeper("POST", f"{_API}/{_one(alert_id)}/acknowledge", {"who": who, "reason": reason})
    show(done, _("Acknowledged for {who}: {ids}. It ends by itself.", who=who, ids=", ".join(done["acknowledged"])))


@group.command(help=_("Keep alerts of a RULE quiet for a while; * stands for all. They stay on the page."))
@click.argument("rule")
@click.argument("subject", default="*")
@click.option("--for", "length", required=True, metavar="TIME", help=_("How long: 30m, 4h or 2d."))
@_who
@click.option("--why", required=True, help=_("Why it shall be quiet."))
def silence(rule: str, subject: str, length: str, who: str, why: str) -> None:
    body = {"rule": rule, "subject": subject, "seconds": seconds(length), "who": who, "why": why}
    made = ask_keeper("POST", f"{_API}/silences", body)
    show(made, _("Quiet until {until}. To end it before: tradeai alerts unsilence {id} --who NAME", **made))


@group.command(help=_("End a silence before its time."))
@click.argument("silence_id", metavar="ID")
@_who
def unsilence(silence_id: str, who: str) -> None:
    ended = ask_keeper("DELETE", f"{_API}/silences/{_one(silence_id)}", {"who": who})
    show(ended, _("The silence of {rule} {subject} is over.", **ended))


@group.command(help=_("Send a test on a CHANNEL, or on all. Exit code 1 when one does not get through."))
@click.argument("channel", required=False)
@click.option("--who", default="operator", metavar="NAME", help=_("Who you are."))
def test(channel: str | None, who: str) -> None:
    known = [entry["name"] for entry in ask_keeper("GET", f"{_API}/channels")["channels"]]
    if not known and channel is None:
        show({"tests": []}, _("No channels are configured. See docs/alerts.md."))
        raise SystemExit(1)
    names = [_one(channel)] if channel else known
    results = [_test(name, who) for name in names]
    show({"tests": results}, *[result["detail"] for result in results])
    if any(result["state"] != "sent" for result in results):
        raise SystemExit(1)


def _test(name: str, who: str) -> dict[str, Any]:
    """One test; a channel that fails is a result, not the end of the command."""
    return dict(ask_keeper("POST", f"{_API}/channels/{name}/test?wait=20", {"who": who}, seconds=60))


@group.command(name="test-rule", help=_("Test a RULE and tell its channels, or all without telling. Exit code 1 when one fails."))
@click.argument("rule", required=False)
@click.option("--all", "everything", is_flag=True, help=_("Every rule that is on, in memory only: nobody gets a message."))
@click.option("--who", default="tradeai alerts", metavar="NAME", help=_("Who you are, for the record."))
def test_rule(rule: str | None, everything: bool, who: str) -> None:
    if everything is bool(rule):
        raise click.UsageError(_("Name one rule, or say --all."))
    path = f"{_API}/rules/{_one(rule)}/test?wait=20" if rule else f"{_API}/rules/tests"
    document = ask_keeper("POST", path, {"who": who}, seconds=180)
    tests = document["tests"]
    show(document, grid([_("Rule"), _("Outcome"), _("What was seen")], [_tested(test) for test in tests]))
    if not all(test["good"] for test in tests):
        raise SystemExit(1)


def _tested(test: Mapping[str, Any]) -> list[Any]:
    word = Text(_("good"), style="green") if test["good"] else Text(_("failed"), style="red")
    return [test["rule"], word, test["text"]]


@group.command(name="check-settings", help=_("Read the settings again and name each mistake. Exit code 1 when there is one."))
def check_settings() -> None:
    document = ask_keeper("POST", f"{_API}/settings/reload")
    show(document, *_about_settings(document))
    if not document["good"]:
        raise SystemExit(1)


def _about_settings(document: Mapping[str, Any]) -> list[str]:
    if not document["present"] and document["good"]:
        return [_("{file} does not exist: alerts show on the pages only. See docs/alerts.md.", file=document["file"])]
    if document["good"]:
        names = ", ".join(document["channels"]) or _("none")
        return [_("{file} is right and in force. Channels: {names}", file=document["file"], names=names)]
    lines = [_("{file} has mistakes; what was in force before stays in force:", file=document["file"])]
    for mistake in document["mistakes"]:
        line = _("line {line}", line=mistake["line"]) if mistake["line"] else _("the file")
        lines.append(f"  {line}{', ' + mistake['field'] if mistake['field'] else ''}: {mistake['message']}")
    return lines


def _row(alert: Mapping[str, Any]) -> list[Any]:
    owner = alert["acknowledged_by"]
    detail = f"{owner}: {alert['reason']}" if owner else alert["quiet"] or alert["detail"]
    stage = Text(alert["stage"], style=_STYLES.get(alert["stage"], "green"))
    return [alert["id"], alert["priority"], stage, alert["since"], alert["title"], detail]


def _one(name: str) -> str:
    """A name as part of an address."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name):
        raise click.BadParameter(_("it has only letters, digits, dots, dashes and underscores"))
    return name
