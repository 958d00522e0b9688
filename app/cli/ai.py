"""`tradeai ai train|evaluate|models`: the models behind forecasts and analyses, from the command line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from app.access.audit.service import record
from app.access.models import Principal
from app.cli.output import grid, show, wants_json
from app.core.ai import NoModel
from app.core.events import emit
from app.core.i18n import _
from app.trade.models.client import ModelsClient, Trained, Watch
from app.trade.sales.models import Source

_SOURCE = click.option(
    "--source", type=click.Choice([one.value for one in Source]), default=Source.POS.value, show_default=True,
    help=_("Which sales: at the till, or shipped."),
)  # fmt: skip
_OBJECTIVES = ("mean", "median", "mape")


@click.group(help=_("Train, evaluate and list the models behind forecasts and analyses."))
def group() -> None:
    """Commands about models."""


@group.command(help=_("Fit a model on the sales of now. The model before serves until the new one is there."))
@_SOURCE
def train(source: str) -> None:
    with ModelsClient() as ai:
        before = ai.newest_model(source)
        with _bar(_("Training")) as watch:
            trained = ai.train(source, watch)
        found = next((model for model in ai.models() if model["id"] == trained.model_id), {})
    record(
        Principal.system("cli"), "model.trained", "model", trained.model_id, before={"serving": before["id"] if before else None},
        after={"source": source, "rows": found.get("rows"), "serves": trained.held_back is None, "held_back": trained.held_back},
    )  # fmt: skip
    emit("models", "model.trained", {"id": trained.model_id, "source": source, "serves": trained.held_back is None})
    show({"model": found, "held_back": trained.held_back}, _models_grid([found]), Text(_outcome(trained)))


def _outcome(trained: Trained) -> str:
    if trained.held_back is None:
        return _("It serves now. How near it comes: tradeai ai evaluate")
    return _(
        "It is kept but does not serve: {reason}. Let it serve all the same: tradeai ai promote {id}",
        reason=trained.held_back, id=trained.model_id,
    )  # fmt: skip


@group.command(help=_("Print the kept model's measured errors, then hide the newest weeks, forecast them and compare."))
@_SOURCE
@click.option("--kept", is_flag=True, help=_("Print the newest evaluation instead of running one."))
def evaluate(source: str, kept: bool) -> None:
    with ModelsClient() as ai:
        model = ai.newest_model(source)
        if model is None:
            raise NoModel(_("There is no model yet. Train one: tradeai ai train"))
        found = ai.evaluation(source) if kept else None
        if found is None:
            with _bar(_("Evaluating")) as watch:
                ai.evaluate(source, watch)
            found = ai.evaluation(source)
            record(Principal.system("cli"), "model.evaluate", "models", source, after={"model": model["id"]})
            emit("models", "model.evaluated", {"source": source, "model": model["id"]})
    result = {"model": model, "evaluation": found}
    show(result, *_for_people(model, found or {}))


@group.command(help=_("Every kept model with its measured errors; the one that serves is marked."))
@click.option("--source", type=click.Choice([one.value for one in Source]), default=None, help=_("Only of these sales."))
def models(source: str | None) -> None:
    with ModelsClient() as ai:
        found = [model for model in ai.models() if source is None or model["source"] == source]
    people = _models_grid(found) if found else Text(_("There is no model yet. Train one: tradeai ai train"))
    show({"models": found}, people)


@group.command(help=_("Let a kept model serve until the next training; with an older one, a roll back."))
@click.argument("model_id")
def promote(model_id: str) -> None:
    with ModelsClient() as ai:
        found = ai.promote(model_id)
    record(Principal.system("cli"), "model.promoted", "model", model_id, after={"serving": model_id, "source": found["source"]})
    emit("models", "model.promoted", {"id": model_id, "source": found["source"]})
    show({"model": found}, Text(_("{id} serves now, until the next training.", id=model_id)))


def _models_grid(found: list[dict[str, Any]]) -> Any:
    columns = [
        _("Model"), _("Source"), _("Fitted"), _("Sales"), _("Rows"), _("Forecast WMAPE"), _("80 % holds"), _("Chain WMAPE"),
        _("Store WMAPE"), "",
    ]  # fmt: skip
    return grid(columns, [_model_row(model) for model in found])


def _model_row(model: Mapping[str, Any]) -> list[Any]:
    metrics = model.get("metrics") or {}
    forecast = metrics.get("forecast") or {}
    window = model.get("window") or {}
    return [
        model.get("id", ""), model.get("source", ""), str(model.get("fitted_at", ""))[:16].replace("T", " "),
        f"{window.get('from', '')} – {window.get('to', '')}", f"{model.get('rows', 0):,}",
        _percent(((forecast.get("objective") or {}).get("median") or {}).get("wmape")), _percent(forecast.get("coverage80")),
        _percent((metrics.get("chain") or {}).get("wmape")), _percent((metrics.get("single") or {}).get("wmape")),
        Text(_("serving"), style="green") if model.get("current") else "",
    ]  # fmt: skip


def _for_people(model: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Any]:
    metrics = model.get("metrics") or {}
    yield Text(_("Measured at training of {id}: {protocol}", id=model["id"], protocol=metrics.get("protocol") or "?"))
    levels = (("single", _("store and week")), ("chain", _("chain and week")), ("runs", _("chain, up to four weeks")))
    rows = [
        [name, f"{one.get('cells', 0):,}", _percent(one.get("wmape")), _percent(one.get("bias")), _percent(one.get("coverage80"))]
        for key, name in levels
        if (one := metrics.get(key) or {})
    ]
    yield grid([_("Baseline of"), _("Cells"), _("WMAPE"), _("Bias"), _("80 % holds")], rows)
    yield Text("")
    yield Text(_("Hold-out: {protocol}", protocol=found.get("protocol") or "?"))
    named = [(_("{weeks} weeks ahead", weeks=lead), errors) for lead, errors in (found.get("leads") or {}).items()]
    named += [(_("all, one store"), found.get("all") or {}), (_("all, whole retailer"), found.get("chain") or {})]
    columns = [_("Forecast"), _("Mean WMAPE"), _("Median WMAPE"), _("MAPE"), _("Bias of mean"), _("80 % holds")]
    yield grid(columns, [_errors_row(name, errors) for name, errors in named if errors])


def _errors_row(name: str, errors: Mapping[str, Any]) -> list[str]:
    mean, median, mape = (errors["objective"][objective] for objective in _OBJECTIVES)
    figures = (mean["wmape"], median["wmape"], mape["mape"], mean["bias"], errors.get("coverage80"))
    return [name, *(_percent(figure) for figure in figures)]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


@contextmanager
def _bar(title: str) -> Iterator[Watch]:
    """A bar on the terminal's error stream that follows the AI service; none under --json."""
    if wants_json():
        yield lambda _share, _step: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.fields[title]}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TextColumn("{task.description}"))  # fmt: skip
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("", total=1.0, title=title)
        yield lambda share, step: bars.update(task, completed=share, description=step)
        bars.update(task, completed=1.0, description=_("done"))
