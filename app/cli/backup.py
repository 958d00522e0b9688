"""`tradeai backup ...` and `tradeai restore`: the supervisor passes orders on and tells how they go."""

import time
from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from app.cli.keeper import KeeperRefused, ask_keeper
from app.cli.output import grid, say, show
from app.core.i18n import _

_API = "/api/v1/backups"
_LOOK_SECONDS = 1.0
_who = click.option("--who", default="tradeai backup", show_default=True, metavar="NAME", help=_("Who you are, for the record."))
_name = click.argument("backup", default="latest")


@click.group(help=_("Make, list, check and prove backups."))
def group() -> None:
    """Commands about backups; the container `backup` carries them out."""


@group.command(help=_("Make a backup now. Exit code 1 when it failed."))
@_who
def now(who: str) -> None:
    _do("backup", "", who)


@group.command("list", help=_("Show every backup, its proof and what is being done."))
def list_() -> None:
    document = ask_keeper("GET", _API)
    columns = [_("Backup"), _("Proof"), _("Copied elsewhere"), _("Documents"), _("Size"), _("Made for")]
    rows = [_row(backup) for backup in document["backups"]]
    parts: list[Any] = [grid(columns, rows)] if rows else [_("There is no backup yet. Make one: tradeai backup now")]
    if document["progress"]:
        parts.append(_progress_line(document["progress"]))
    show(document, *parts)


@group.command(help=_("Read a backup in full and compare it with its manifest."))
@_name
@_who
def verify(backup: str, who: str) -> None:
    _do("verify", backup, who)


@group.command(help=_("Prove a backup: restore it into a throwaway database and compare every document."))
@_name
@_who
def drill(backup: str, who: str) -> None:
    _do("drill", backup, who)


@group.command(help=_("Copy a backup to BACKUP_OFFSITE and compare it there; a backup is copied by itself when it is made."))
@_name
@_who
def offsite(backup: str, who: str) -> None:
    _do("offsite", backup, who)


@group.command(
    help=_("Put one collection, or one customer with its stores, into the new database SIDE and compare it with the live data.")
)
@click.argument("backup")
@click.argument("side")
@click.option("--collection", default="", metavar="NAME", help=_("A collection of the backup."))
@click.option("--customer", default="", metavar="ID", help=_("A customer's id; what is below it comes along."))
@_who
def side(backup: str, side: str, collection: str, customer: str, who: str) -> None:
    if bool(collection) == bool(customer):
        raise click.UsageError(_("Say either --collection or --customer."))
    part = "collection" if collection else "customer"
    wanted = {"side": side, "part": part, "name": collection or customer, "who": who}
    found = follow_task(ask_keeper("POST", f"{_API}/{backup}/side", wanted))
    if not found["ok"]:
        raise KeeperRefused(found["text"])
    columns = [_("Collection"), _("Only in the backup"), _("Only live"), _("Different"), _("Equal")]
    rows = [
        [name, *(str(one[key]) for key in ("missing", "added", "changed", "equal"))]
        for name, one in found["facts"]["collections"].items()
    ]
    show(found, found["text"].splitlines()[0], grid(columns, rows))


@group.command(help=_("Show what retention would delete; delete it with --yes."))
@click.option("--yes", is_flag=True, help=_("Delete."))
@_who
def prune(yes: bool, who: str) -> None:
    if yes:
        _do("prune", "", who)
        return
    document = ask_keeper("GET", f"{_API}/retention")
    rows = [[one["id"], ", ".join(one["reasons"]) or Text(_("would be deleted"), style="yellow")] for one in document["backups"]]
    show(document, grid([_("Backup"), _("Kept as")], rows))


@click.command(help=_("Restore BACKUP: checked first, what is there is saved, undone by itself when it fails."))
@click.argument("backup")
@click.option("--yes", is_flag=True, help=_("Ask nothing."))
@_who
def restore(backup: str, yes: bool, who: str) -> None:
    if not yes:
        click.confirm(_("Everything written since that backup leaves the database. Go on?"), abort=True, err=True)
    ask_keeper("POST", f"{_API}/{backup}/restore", {"who": who})
    step = ""
    while (state := ask_keeper("GET", _API)["restore"])["step"]:
        if state["step"] != step:
            step = state["step"]
            say(step)
        time.sleep(_LOOK_SECONDS)
    if not state["ok"]:
        raise KeeperRefused(state["outcome"])
    show(state, state["outcome"])


def _do(kind: str, backup: str, who: str) -> None:
    """Order it, follow it, and end as it ended."""
    found = follow(kind, backup, who)
    if not found["ok"]:
        raise KeeperRefused(found["text"])
    show(found, found["text"])


def follow(kind: str, backup: str, who: str) -> Any:
    """Order a task and tell how far it is; what came of it."""
    return follow_task(ask_keeper("POST", f"{_API}/tasks", {"kind": kind, "backup": backup, "who": who}))


def follow_task(task: Mapping[str, Any]) -> Any:
    """Tell how far an ordered task is; what came of it."""
    told = ""
    while not (found := ask_keeper("GET", f"{_API}/tasks/{task['id']}"))["over"]:
        line = _progress_line(found["progress"]) if found["progress"] else ""
        if line and line != told:
            told = line
            say(line)
        time.sleep(_LOOK_SECONDS)
    return found


def _progress_line(progress: Mapping[str, Any]) -> str:
    share = "" if progress["percent"] is None else f", {progress['percent']} %"
    return f"{progress['what']}: {progress['step']}{share}"


def _row(backup: Mapping[str, Any]) -> list[Any]:
    proof, copied = backup["proof"], backup.get("copied")
    if not backup["usable"]:
        return [backup["id"], Text(backup["trouble"], style="red"), "", "", "", ""]
    shown = Text(_("not yet"), style="dim")
    if proof:
        shown = Text(_moment(proof), style="green") if proof["ok"] else Text(_("failed"), style="red")
    elsewhere = Text(_moment(copied), style="green") if copied else Text(_("no"), style="dim")
    return [backup["id"], shown, elsewhere, str(backup["documents"]), f"{backup['size'] / 1e6:.1f} MB", backup["reason"]]


def _moment(told: Mapping[str, Any]) -> str:
    return str(told["at"])[:16].replace("T", " ")
