"""The list of weeks nobody would expect, with the likeliest cause and the way to the sales."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, render_template, request
from pydantic import ValidationError

from app.access.models import Permission, Principal
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, Unavailable
from app.core.i18n import N_, _
from app.trade.anomalies import service
from app.trade.anomalies.models import AnomalyAsked, Cause
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.choices import choice_tree
from app.trade.hierarchy.store import Nodes
from app.trade.models.measured import measured
from app.trade.products.store import nodes as products
from app.trade.sales import store as sales
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("anomalies", __name__, template_folder="templates", enable_openapi=False)

_AROUND = timedelta(weeks=12)
_INDENT = "\u2003"
COLUMNS = (
    Column("week", N_("Week of"), kind="date", sort=True),
    Column("customer", N_("Customer"), sort=True),
    Column("product", N_("Product"), sort=True),
    Column("actual", N_("Sold"), kind="number", sort=True),
    Column("expected", N_("Expected"), kind="number", sort=True, help=N_("By price, promotion and the weeks around")),
    Column("difference", N_("Difference"), kind="custom", right=True, sort=True, help=N_("Units sold less units expected")),
    Column(
        "size", N_("How odd"), kind="number", decimals=1, sort=True, help=N_("Robust standard deviations; beyond 4.5 is listed")
    ),
    Column("cause", N_("Likeliest cause"), kind="custom"),
    Column("reading", N_("What it means"), hidden=True),
)
CAUSES = {
    Cause.OUT_OF_STOCK: (N_("Out of stock"), "bad", "package"),
    Cause.CHAIN_WIDE: (N_("The whole chain"), "info", "layers"),
    Cause.ONE_OFF_HIGH: (N_("Far too many"), "warn", "trending-up"),
    Cause.ONE_OFF_LOW: (N_("Far too few"), "warn", "trending-down"),
    Cause.PRICE_UNUSUAL: (N_("Odd price"), "bad", "tag"),
}
FILTERS = ("customer", "product", "cause", "from", "to")


@blueprint.get("/ai/anomalies")
def index() -> str | Response:
    """The frame at once; the first look at a model's anomalies takes some seconds, later ones are kept."""
    who = may(Permission.AI_READ)
    address = TableQuery.from_request(COLUMNS, default_sort="-size", filters=FILTERS)
    asked = _asked(address)
    if address.export:
        return export_response(address.export, "anomalies", COLUMNS, _dated(service.search(who, asked).rows))
    ready = bool(request.headers.get("HX-Request")) or request.args.get("now") == "1"
    table, found, trouble = _found(who, asked, address) if ready else (_table(address, [], asked), None, None)
    return render_template(
        "anomalies/index.html",
        table=table,
        found=found,
        measured=measured(found.model) if found else "",
        trouble=trouble,
        ready=ready,
        here=request.full_path.rstrip("?"),
        causes={cause.value: (_(word), tone, icon) for cause, (word, tone, icon) in CAUSES.items()},
        cause_options=[(cause.value, _(word)) for cause, (word, _tone, _icon) in CAUSES.items()],
        customers=_choices(customers, asked.customer),
        products=_choices(products, asked.product),
        sales_link=_sales_link,
        any_sales=sales.any_of({}),
    )


def _choices(nodes: Nodes, chosen: str) -> list[tuple[str, str]]:
    """The tree as the options of a filter, indented; the chosen one even when it is no longer active."""
    return [(one["id"], _INDENT * one["depth"] + one["name"]) for one in choice_tree(nodes, [chosen])]


def _found(who: Principal, asked: AnomalyAsked, address: TableQuery) -> tuple[Table, service.Found | None, Any]:
    try:
        found = service.search(who, asked)
    except (Conflict, Unavailable) as error:
        return _table(address, [], asked), None, error
    return _table(address, _dated(found.rows), asked), found, None


def _table(address: TableQuery, rows: list[dict[str, Any]], asked: AnomalyAsked) -> Table:
    start = int(asked.cursor or 0)
    end = start + address.limit
    return Table(
        "anomalies", COLUMNS, address, rows[start:end], str(end) if end < len(rows) else None, len(rows),
        panel=False, caption=_("Anomalies"),
    )  # fmt: skip


def _dated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "week": date.fromisoformat(row["week"])} for row in rows]


def _asked(address: TableQuery) -> AnomalyAsked:
    """The address as a question; what makes no sense is said on a page of its own."""
    given = address.filters
    wanted = {
        "customer": given.get("customer", ""),
        "product": given.get("product", ""),
        "start": given.get("from") or None,
        "end": given.get("to") or None,
        "cause": given.get("cause") or None,
        "cursor": address.cursor,
        "sort": address.sort,
    }
    try:
        return AnomalyAsked.model_validate(wanted)
    except ValidationError as error:
        raise Invalid(_("A filter in the address makes no sense. Clear the filters and choose again.")) from error


def _sales_link(row: dict[str, Any]) -> str:
    """The sales explorer on this series, with the weeks around."""
    around = {
        "customer": row["customer_id"], "product": row["product_id"], "from": (row["week"] - _AROUND).isoformat(),
        "to": (row["week"] + _AROUND).isoformat(), "all": "1",
    }  # fmt: skip
    return f"/sales?{urlencode(around)}"
