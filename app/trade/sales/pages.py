"""The sales explorer: choose customers, products, period, measure and split; a chart and a grid of the same figures."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request
from pydantic import ValidationError

from app.access.models import Permission, Principal
from app.access.signed_in import may
from app.core.errors import Invalid
from app.core.i18n import N_, _
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.choices import choice_tree
from app.trade.products.store import nodes as products
from app.trade.sales import explorer, store
from app.trade.sales.explorer import Measure, Row, SalesQuery
from app.trade.sales.models import Source
from app.web.chart import Chart, lines_chart
from app.web.export import export_response
from app.web.formatting import currency_symbol, iso_date
from app.web.scope import current_scope
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("sales", __name__, template_folder="templates", enable_openapi=False)

_LINES = 6
_PAGE = 100
_FIRST_VIEW = timedelta(weeks=52)
MEASURES: tuple[tuple[Measure, str], ...] = (("units", N_("Units")), ("revenue", N_("Revenue")), ("price", N_("Price paid")))
SPLITS = (
    ("none", N_("Not split")),
    ("product", N_("By product")),
    ("brand", N_("By brand")),
    ("chain", N_("By chain")),
    ("store", N_("By store")),
)
GRAINS = (("week", N_("Weekly")), ("month", N_("Monthly")))
_MEMBERS = {"product": N_("Product"), "brand": N_("Brand"), "chain": N_("Chain"), "store": N_("Store")}


def columns(query: SalesQuery) -> tuple[Column, ...]:
    """The grid's columns for this question."""
    member = _MEMBERS.get(query.by)
    period = Column("period", N_("Month") if query.grain == "month" else N_("Week of"), kind="date", sort=True)
    figures = (
        Column("units", N_("Units"), kind="number", sort=True),
        Column("revenue", N_("Revenue"), kind="amount", sort=True, decimals=2),
        Column("price", N_("Price paid"), kind="amount", sort=True, decimals=2, help=N_("Mean per unit, weighted by units")),
        Column("deal_share", N_("On deal"), kind="percent", sort=True, help=N_("Share of units sold on deal")),
    )
    return (period, *((Column("name", member, sort=True),) if member else ()), *figures)


@blueprint.get("/sales")
def index() -> str | Response:
    """The frame at once; the figures follow, because adding up a whole history may take a second."""
    who = may(Permission.SALES_READ)
    query = _query(who)
    shown = columns(query)
    address = TableQuery.from_address(_flat(), "/sales", shown, "-period", filters=(), limit=_PAGE)
    if address.export:
        return export_response(address.export, "sales", shown, explorer.explore(who, query))
    ready = bool(request.headers.get("HX-Request")) or request.args.get("now") == "1"
    return render_template(
        "sales/index.html",
        query=query,
        measure=_measure(),
        figures=_figures(who, query, shown, address) if ready else None,
        here=request.full_path.rstrip("?"),
        customers=choice_tree(customers, query.customer),
        products=choice_tree(products, query.product),
        measures=MEASURES,
        splits=SPLITS,
        grains=GRAINS,
        any_sales=store.any_of({}),
        shipments=store.any_of({"source": Source.SHIPMENT.value}),
    )


def _figures(who: Principal, query: SalesQuery, shown: Sequence[Column], address: TableQuery) -> dict[str, Any]:
    rows = explorer.explore(who, query.model_copy(update={"sort": address.sort}))
    start = int(address.cursor or 0) if (address.cursor or "0").isdigit() else 0
    end = start + address.limit
    sums = explorer.total(rows)
    totals = {"units": sums.units, "revenue": sums.revenue, "price": sums.price, "deal_share": sums.deal_share} if sums else None
    table = Table(
        "sales", shown, address, rows[start:end], str(end) if end < len(rows) else None, len(rows),
        totals=totals, panel=False, caption=_("Sales"),
    )  # fmt: skip
    return {"table": table, "sums": sums, "chart": _chart(rows, query, _measure())}


def _chart(rows: Sequence[Row], query: SalesQuery, measure: Measure) -> Chart:
    """The leading members as lines, the others together as one more (not for prices, which do not add up)."""
    keys, names = explorer.leading(rows, measure, _LINES)
    periods = sorted({row.period for row in rows})
    values = {(row.period, row.key or ""): row.value(measure) for row in rows}
    title = {"units": _("Units"), "revenue": _("Revenue"), "price": _("Price paid")}[measure]
    series = [
        {"name": names[key] if query.by != "none" else title, "values": [values.get((period, key)) for period in periods]}
        for key in keys
    ]
    if len(names) > _LINES and measure != "price":
        series[-1:] = [{"name": _("All others"), "values": _others(rows, periods, set(keys[:-1]), measure)}]
    unit = _("units") if measure == "units" else currency_symbol(settings().currency)
    return lines_chart("sales", periods, series, unit, from_zero=measure != "price")


def _others(rows: Sequence[Row], periods: Sequence[date], shown: set[str], measure: Measure) -> list[Any]:
    sums: dict[date, Any] = {}
    for row in rows:
        if (row.key or "") not in shown:
            sums[row.period] = sums.get(row.period, 0) + (row.value(measure) or 0)
    return [sums.get(period) for period in periods]


def _query(who: Principal) -> SalesQuery:
    """The address as a question; without a period the one that stays while moving, else the newest year of sales."""
    args, scope = request.args, current_scope()
    start, end = args.get("from") or scope.start, args.get("to") or scope.end
    if not start and not end and args.get("all") != "1":
        newest = explorer.newest_day(who, Source.SHIPMENT if args.get("source") == Source.SHIPMENT else Source.POS)
        start = iso_date(newest - _FIRST_VIEW + timedelta(weeks=1)) if newest else ""
    asked = {
        "customer": _several("customer") or ([scope.customer] if scope.customer else []),
        "product": _several("product"),
        "start": start or None,
        "end": end or None,
        **{name: args[name] for name in ("source", "grain", "by") if args.get(name)},
    }
    try:
        return SalesQuery.model_validate(asked)
    except ValidationError as error:
        raise Invalid(_("The address asks for sales in a way that makes no sense. Start again from Sales.")) from error


def _several(name: str) -> list[str]:
    """Values given by repeating the name, by commas, or both."""
    return [part for value in request.args.getlist(name) for part in value.split(",") if part]


def _measure() -> Measure:
    asked = request.args.get("measure", "units")
    return asked if asked in ("revenue", "price") else "units"  # type: ignore[return-value]


def _flat() -> dict[str, str]:
    """The address with one value a name; several ids joined, as SalesQuery splits them."""
    return {name: ",".join(request.args.getlist(name)) for name in request.args if name not in {"now"}}
