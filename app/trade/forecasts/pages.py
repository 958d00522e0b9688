"""The forecast page: choose customer, products, weeks and plan; a chart with bands, a table, and accuracy as it was."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, render_template, request
from pydantic import ValidationError

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.ai import NoEvaluation
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.i18n import N_, _
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.forecasts import service
from app.trade.forecasts.models import AccuracyAsked, ForecastAsked
from app.trade.hierarchy.choices import choice_tree
from app.trade.products.store import nodes as products
from app.trade.sales import explorer
from app.trade.sales import store as sales
from app.trade.sales.explorer import SalesQuery
from app.web.chart import Chart, Window, forecast_chart
from app.web.export import export_response
from app.web.scope import current_scope
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("forecasts", __name__, template_folder="templates", enable_openapi=False)

_PAST_WEEKS = 16
_INDENT = "\u2003"
COLUMNS = (
    Column("week", N_("Week of"), kind="date"),
    Column("units", N_("Units"), kind="number"),
    Column("lo80", N_("Low 80 %"), kind="number", help=N_("In one of ten weeks less is sold")),
    Column("hi80", N_("High 80 %"), kind="number", help=N_("In one of ten weeks more is sold")),
    Column("lo95", N_("Low 95 %"), kind="number", hidden=True),
    Column("hi95", N_("High 95 %"), kind="number", hidden=True),
    Column("plan", N_("Plan"), kind="text"),
)
OBJECTIVES = (
    ("median", N_("Median: as often too high as too low")),
    ("mean", N_("Mean: right in sum, for volumes and money")),
    ("mape", N_("Smallest percentage error")),
)
LEADS = ((1, N_("1 week before")), (2, N_("2 weeks before")), (4, N_("4 weeks before")), (8, N_("8 weeks before")))


@blueprint.get("/ai/forecast")
def index() -> str | Response:
    """The frame at once; the figures follow, because a forecast of a whole chain takes a second or two."""
    who = may(Permission.AI_READ)
    asked, errors = _asked()
    if request.args.get("format") in {"csv", "xlsx"} and asked:
        return export_response(request.args["format"], "forecast", COLUMNS, _rows(service.forecast(who, asked), asked))
    ready = bool(request.headers.get("HX-Request")) or request.args.get("now") == "1"
    found: dict[str, Any] = {}
    if ready and asked and not errors:
        found, errors = _forecast(who, asked)
    values = {**{name: value for name, value in request.args.items() if name != "now"}}
    values.setdefault("customer", current_scope().customer)
    return render_template(
        "forecasts/index.html",
        form=values,
        errors=errors,
        ready=ready or bool(errors),
        found=found,
        here=_here(),
        customers=[(one["id"], f"{_INDENT * one['depth']}{one['name']}") for one in choice_tree(customers, [values["customer"]])],
        products=choice_tree(products, asked.product if asked else request.args.getlist("product")),
        objectives=[(key, _(text)) for key, text in OBJECTIVES],
        leads=[(key, _(text), _lead_link(key)) for key, text in LEADS],
        lead=_lead(),
        currency=settings().currency,
        any_sales=sales.any_of({}),
        can_manage=allowed(who, Permission.AI_MANAGE),
    ), (422 if errors and not request.headers.get("HX-Request") else 200)  # type: ignore[return-value]


def _forecast(who: Principal, asked: ForecastAsked) -> tuple[dict[str, Any], dict[str, str]]:
    """What the page shows of the answer, or the fields that were refused."""
    try:
        answer = service.forecast(who, asked)
    except Invalid as error:
        return {}, {one.field: one.message for one in error.errors} or {"": error.detail}
    except (Conflict, Unavailable) as error:
        return {"trouble": error, **_accuracy(who, asked)}, {}
    rows = _rows(answer, asked)
    table = Table("forecast", COLUMNS, TableQuery("", path=request.path, address=_flat()), rows, count=len(rows), panel=False)
    return {
        "answer": answer,
        "chart": _chart(who, asked, answer),
        "table": table,
        "error": _stated_error(answer),
        **_accuracy(who, asked),
    }, {}


def _accuracy(who: Principal, asked: ForecastAsked) -> dict[str, Any]:
    part = asked.model_dump(include={"customer", "product", "objective", "source"})
    try:
        found = service.accuracy(who, AccuracyAsked(**part, lead=_lead()))
    except NoEvaluation:
        return {"unmeasured": True}
    except (NotFound, Conflict, Invalid, Unavailable) as error:
        return {"accuracy_trouble": error}
    return {"accuracy": found, "accuracy_chart": forecast_chart("accuracy", found["weeks"], unit=_("units"))}


def _chart(who: Principal, asked: ForecastAsked, answer: Mapping[str, Any]) -> Chart:
    """The newest weeks as they sold, then the forecast with its band; planned weeks shaded."""
    first = service.first_week(who, asked)
    query = SalesQuery(
        customer=[asked.customer] if asked.customer else [], product=asked.product,
        start=first - timedelta(weeks=_PAST_WEEKS), end=first, source=asked.source, sort="period",
    )  # fmt: skip
    past = [{"week": row.period, "actual": row.units} for row in explorer.explore(who, query)]
    windows = []
    if asked.planned:
        start, end = (first + timedelta(weeks=week - 1) for week in asked.planned_weeks)
        windows = [Window(start, end + timedelta(days=6), _("Plan"))]
    return forecast_chart("forecast", [*past, *answer["weeks"]], windows, _("units"))


def _rows(answer: Mapping[str, Any], asked: ForecastAsked) -> list[dict[str, Any]]:
    """Weeks with their plan in words, for the table and its exports."""
    start, end = asked.planned_weeks
    plan = _plan_words(asked)
    return [
        {**week, "week": date.fromisoformat(week["week"]), "plan": plan if start <= number <= end else ""}
        for number, week in enumerate(answer["weeks"], 1)
    ]


def _plan_words(asked: ForecastAsked) -> str:
    parts = []
    if asked.price is not None:
        parts.append(_("at {price}", price=f"{asked.price:f}"))
    if asked.cut is not None:
        parts.append(_("{cut} % off", cut=f"{asked.cut:g}"))
    if asked.deal:
        parts.append(_("deal"))
    if asked.feature:
        parts.append(_("advertised"))
    if asked.display:
        parts.append(_("displayed"))
    return ", ".join(parts)


def _stated_error(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The measured errors of the forecast that was asked for, of one store and week."""
    forecast = (answer["model"].get("metrics") or {}).get("forecast") or {}
    return (forecast.get("objective") or {}).get(answer["objective"]) or {}


def _asked() -> tuple[ForecastAsked | None, dict[str, str]]:
    """The address as a question, with what is wrong by field."""
    names = {"weeks", "price", "cut", "deal", "feature", "display", "plan_from", "plan_to", "objective", "source", "customer"}
    given: dict[str, Any] = {name: value for name, value in request.args.items() if name in names and value != ""}
    given["product"] = [part for value in request.args.getlist("product") for part in value.split(",") if part]
    if "customer" not in request.args:
        given["customer"] = current_scope().customer
    try:
        return ForecastAsked.model_validate(given), {}
    except ValidationError as error:
        return None, {str(one["loc"][0]): _sentence(one["msg"]) for one in error.errors() if one["loc"]}


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{text[:1].upper()}{text[1:]}."


def _lead() -> int:
    asked = request.args.get("lead", "4")
    return int(asked) if asked in {str(lead) for lead, _text in LEADS} else 4


def _lead_link(lead: int) -> str:
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in {"lead", "now"}]
    return f"/ai/forecast?{urlencode([*pairs, ('lead', str(lead)), ('now', '1')])}#accuracy"


def _flat() -> dict[str, str]:
    return {name: ",".join(request.args.getlist(name)) for name in request.args if name not in {"now", "format"}}


def _here() -> str:
    return request.full_path.rstrip("?")
