"""`tradeai demo load`: real orange-juice sales through the same way in as everybody's, then what their promotions earned."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from app.access.models import Principal
from app.cli.output import grid, show, wants_json
from app.core.errors import NotFound, Unavailable
from app.core.i18n import N_, _
from app.core.jobs import Progress
from app.trade.imports import service as imports
from app.trade.imports.models import Kind, Options
from app.trade.promotions import store, work
from app.trade.promotions.listing import totals

FOLDER = Path("/opt/demo")
_FILES = (
    (Kind.CUSTOMERS, "customers.csv", N_("Customers")),
    (Kind.PRODUCTS, "products.csv", N_("Products")),
    (Kind.SALES, "sales.csv", N_("Sales")),
)


@click.group(help=_("Load real demonstration sales."))
def group() -> None:
    """Demonstration data."""


@group.command(help=_("Import the orange-juice sales of Dominick's, find their promotions, and analyse them. Can be repeated."))
@click.option(
    "--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help=_("Where customers.csv and so on are.")
)  # fmt: skip
def load(folder: Path) -> None:
    """Import, find, analyse; what was done before is not done again."""
    started = time.monotonic()
    missing = [name for _kind, name, _label in _FILES if not (folder / name).is_file()]
    if missing:
        raise NotFound(
            _("The demonstration data is not there: {files} in {folder}. On the host, scripts/tradeai demo load brings it along.",
              files=", ".join(missing), folder=folder)
        )  # fmt: skip
    who = Principal.system("demo")
    result: dict[str, Any] = {}
    with _bars() as bars:
        for kind, name, label in _FILES:
            with _bar(bars, _(label)) as progress:
                imported = imports.import_file(who, folder / name, kind, Options(), progress)
                result[kind.value] = _landed(imported)
        with _bar(bars, _("Promotions")) as progress:
            result["promotions"] = _find(progress)
    result["seconds"] = round(time.monotonic() - started, 1)
    show(result, *_for_people(result))


def _landed(imported: dict[str, Any]) -> dict[str, Any]:
    return {"rows": imported["counts"].get("rows"), "import": imported["_id"], "already": bool(imported.get("already_imported"))}


def _find(progress: Progress) -> dict[str, Any]:
    try:
        found = work.find_and_analyse(progress)
    except Unavailable as error:
        raise Unavailable(
            _("The sales are loaded and their promotions found, but not analysed: {why} Then run tradeai demo load again.",
              why=error.detail)
        ) from error  # fmt: skip
    sums = totals({}) or {}
    return {**found, "total": store.count({}), "analysed_total": sums.get("analysed", 0)}


def _for_people(result: dict[str, Any]) -> Iterator[Any]:
    rows = []
    for kind, _name, label in _FILES:
        one = result[kind.value]
        rows.append((_(label), f"{one['rows']:,}", _("was there already") if one["already"] else _("imported")))
    found = result["promotions"]
    rows.append((_("Promotions"), f"{found['total']:,}", _("{count} analysed", count=f"{found['analysed_total']:,}")))
    yield grid(["", _("Number"), ""], rows)
    yield Text(
        _("Loaded in {seconds} s. Open the promotions page to see what each one really earned.", seconds=result["seconds"])
    )


@contextmanager
def _bars() -> Iterator[Bars | None]:
    """Progress bars on the terminal's error stream; none under --json."""
    if wants_json():
        yield None
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.fields[title]:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )  # fmt: skip
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield bars


@contextmanager
def _bar(bars: Bars | None, title: str) -> Iterator[Progress]:
    if bars is None:
        yield Progress.unwatched()
        return
    task = bars.add_task("", total=None, title=title)
    yield _Drawn(bars, task)
    bars.update(task, description="")
    shown = bars.tasks[bars.task_ids.index(task)]
    bars.update(task, total=shown.total or 1, completed=shown.total or 1)


class _Drawn(Progress):
    """A progress drawn as one bar of the terminal."""

    def __init__(self, bars: Bars, task: Any) -> None:
        super().__init__(None)
        self._bars, self._task = bars, task

    def report(self, done: int, total: int, message: str = "") -> None:
        """Move the bar."""
        self._bars.update(self._task, completed=done, total=total or None, description=message)
