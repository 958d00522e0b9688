"""What a command prints: a table or sentence for people, one JSON document with `--json`; errors alike in both."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from app.core.errors import TradeError
from app.core.i18n import _

_JSON = "tradeai.json"
_ERROR = 1


def json_option(command: click.Command) -> click.Command:
    """Give `command` the option `--json` that every command of `tradeai` has."""
    if not any(parameter.name == "as_json" for parameter in command.params):
        option = click.Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            is_eager=True,
            help=_("Print one JSON document."),
        )
        command.params.append(option)
    return command


def wants_json() -> bool:
    """Whether the running command was asked for JSON, on itself or on a group above it."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def show(result: Mapping[str, Any], *people: RenderableType) -> None:
    """Print `result` as JSON if asked, else what is meant for `people` (tables, sentences)."""
    if wants_json():
        click.echo(json.dumps(result, default=str, ensure_ascii=False))
        return
    console = _console()
    for part in people:
        console.print(part, highlight=False, soft_wrap=isinstance(part, str | Text))


def say(sentence: str) -> None:
    """A line about what is happening, for people only: silent under `--json`, so that its output stays one document."""
    if not wants_json():
        click.echo(sentence, err=True)


def grid(columns: Sequence[str], rows: Iterable[Sequence[RenderableType]]) -> Table:
    """A plain table with one header line."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table


def fail(error: TradeError, exit_code: int = _ERROR) -> NoReturn:
    """Say on standard error what went wrong (as a problem document under `--json`, on standard output) and leave."""
    if wants_json():
        click.echo(json.dumps({"error": error.problem()}, ensure_ascii=False))
    else:
        click.echo(f"{error.title}: {error.detail}" if error.detail != error.title else error.title, err=True)
        for field in error.errors:
            click.echo(f"  {field.field}: {field.message}", err=True)
    raise SystemExit(exit_code)


def _console() -> Console:
    """A terminal decides its width; a pipe gets whole lines."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def _remember(context: click.Context, _parameter: click.Parameter, chosen: bool) -> None:
    if chosen:
        context.meta[_JSON] = True
