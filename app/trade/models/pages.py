"""Models for people: which one serves, how far off it is, whether sales drift, and what can be done about it."""

from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for

from app.access.models import Permission
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, NotFound, Unavailable
from app.core.i18n import _
from app.trade.models import figures, rules, service
from app.trade.sales import store as sales
from app.trade.sales.models import Source
from app.web.table import Table, TableQuery

blueprint = APIBlueprint("models", __name__, template_folder="templates", enable_openapi=False)


@blueprint.get("/ai/models")
def index() -> str:
    """What serves, errors over time, drift, hold-out, all kept models."""
    who = may(Permission.AI_READ)
    source = _source()
    found = service.overview(who, source)
    rows = [figures.row_of(model) for model in found.models]
    table = Table(
        "models", figures.COLUMNS, TableQuery.from_request(figures.COLUMNS, "", filters=()), rows, count=len(rows),
        href=lambda row: url_for("models.detail", model_id=row["id"]), caption=_("Models"), exports=(),
    )  # fmt: skip
    leads = figures.lead_rows(found.evaluation) if found.evaluation else []
    return render_template(
        "models/index.html",
        found=found,
        source=source,
        sources=_sources(),
        current=figures.row_of(found.current) if found.current else None,
        table=table,
        held_back=rows[0] if found.current and rows and not rows[0]["current"] else None,
        errors_chart=figures.errors_chart([*found.models, *found.gone]),
        look=found.look,
        drift_rows=figures.drift_rows(found.look) if found.look else [],
        drift_errors=figures.drift_errors(found.look) if found.look else [],
        drift_says=rules.sentence(found.look) if found.look else "",
        drift_chart=figures.drift_chart(found.looks),
        leads=Table("leads", figures.LEAD_COLUMNS, TableQuery("", path=request.path), leads, panel=False, exports=()),
        before=rules.model_before(found.models, found.current["id"]) if found.current else None,
        history=figures.history(service.history(who)),
        can_manage=allowed(who, Permission.AI_MANAGE),
        any_sales=sales.any_of({}),
    )


@blueprint.get("/ai/models/<model_id>")
def detail(model_id: str) -> str:
    """One model and everything that was measured of it."""
    who = may(Permission.AI_READ)
    model = service.get(who, model_id)
    return render_template(
        "models/detail.html", model=figures.row_of(model), metrics=model["metrics"],
        can_manage=allowed(who, Permission.AI_MANAGE),
    )  # fmt: skip


@blueprint.post("/ai/models/<what>")
def start(what: str) -> Any:
    """Queue a training, an evaluation or a look at drift; the page shows its progress."""
    who = may(Permission.AI_MANAGE)
    if what not in {"train", "evaluate", "drift"}:
        raise NotFound(_("There is no such thing to do with models."))
    source = Source.SHIPMENT.value if request.form.get("source") == Source.SHIPMENT.value else Source.POS.value
    try:
        service.start(who, what, source)
    except (Conflict, Unavailable) as error:
        flash(error.detail, "bad")
    return redirect(_home(source))


@blueprint.post("/ai/models/<what>/cancel")
def cancel(what: str) -> Any:
    """Stop what is under way; the model before goes on serving."""
    source = Source.SHIPMENT.value if request.form.get("source") == Source.SHIPMENT.value else Source.POS.value
    if service.cancel(may(Permission.AI_MANAGE), what, source):
        flash(_("Stopped. The model before goes on serving."), "info")
    return redirect(_home(source))


@blueprint.post("/ai/models/<model_id>/promote")
def promote(model_id: str) -> Any:
    """Let a kept model serve."""
    who = may(Permission.AI_MANAGE)
    try:
        found = service.promote(who, model_id)
    except (Conflict, NotFound, Unavailable) as error:
        flash(error.detail, "bad")
        return redirect(url_for("models.index"))
    name = figures.row_of(found)["name"]
    flash(_("The model of {name} serves now, until the next training.", name=name), "good")
    return redirect(_home(found["source"]))


def _home(source: str) -> str:
    return url_for("models.index") if source == Source.POS else url_for("models.index", source=source)


def _source() -> str:
    return Source.SHIPMENT.value if request.args.get("source") == Source.SHIPMENT.value else Source.POS.value


def _sources() -> list[tuple[str, str]]:
    """Offered only where there is more than one."""
    if not sales.any_of({"source": Source.SHIPMENT.value}):
        return []
    return [(Source.POS.value, _("Point of sale")), (Source.SHIPMENT.value, _("Shipments"))]
