"""Groups for people: what sets each apart, who is in it, and the way on to a promotion for all of them."""

from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import render_template, request, url_for
from pydantic import ValidationError

from app.access.models import Permission
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.i18n import N_, _
from app.trade.models.measured import measured
from app.trade.promotions import choices
from app.trade.recommendations.models import MOST_CUSTOMERS
from app.trade.sales import store as sales
from app.trade.segments import figures, service
from app.trade.segments.models import SegmentsAsked
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("segments", __name__, template_folder="templates", enable_openapi=False)

COLUMNS = (
    Column("name", N_("Name"), kind="link"),
    Column("group_name", N_("Group")),
    Column("fit", N_("Fit"), kind="number", decimals=2, help=N_("From -1 to 1; below 0 another group is nearer")),
    Column("traits.level", N_("Units a week"), kind="number", decimals=1, help=N_("Of a series, without promotion")),
    Column("traits.promoted", N_("Promoted"), kind="percent", help=N_("Share of the weeks")),
    Column("traits.depth", N_("Depth"), kind="percent", help=N_("Off the regular price while promoted")),
    Column("traits.response", N_("Uplift"), kind="percent", help=N_("Of a deal at 20 % off")),
    Column("traits.season", N_("Season"), kind="percent", help=N_("Swing over the year, above and below its middle")),
    Column("traits.trend", N_("Trend"), kind="percent", help=N_("Change of units a year")),
    Column("weeks", N_("Weeks"), kind="number", hidden=True),
)
FILTERS = ("of", "customer", "product", "group")


@blueprint.get("/segments")
def index() -> Any:
    """The frame at once; the groups follow, because the first look takes some seconds."""
    who = may(Permission.AI_READ)
    address = TableQuery.from_request(COLUMNS, default_sort="", filters=FILTERS, limit=100)
    asked = _asked(address)
    group = address.filters.get("group", "")
    if address.export:
        return export_response(address.export, f"{asked.of}-in-groups", COLUMNS, _of_group(service.segments(who, asked), group))
    ready = bool(request.headers.get("HX-Request")) or request.args.get("now") == "1"
    any_sales = sales.any_of({})
    found, trouble = _found(who, asked) if ready and any_sales else (None, None)
    rows = _of_group(found, group) if found else []
    table = Table(
        "members", COLUMNS, address, rows[: address.limit], count=len(rows), caption=_("Members"),
        href=lambda row: f"/{asked.of}/{row['id']}",
    )  # fmt: skip
    return render_template(
        "segments/index.html",
        any_sales=any_sales,
        asked=asked,
        table=table,
        beyond=max(len(rows) - address.limit, 0),
        found=found,
        groups=figures.groups(found) if found else [],
        chart=figures.chart(found) if found and found["groups"] else None,
        structure=figures.structure(found) if found and found["groups"] else "",
        unused=figures.unused(found) if found else [],
        measured=measured(found["model"]) if found else "",
        trouble=trouble,
        ready=ready,
        here=request.full_path.rstrip("?"),
        customers=choices.customer_options(asked.customer) if any_sales else [],
        products=choices.product_options() if any_sales else [],
        recommend=_recommend if asked.of == "customers" and allowed(who, Permission.PROMOTIONS_READ) else None,
    )


def _found(who: Any, asked: SegmentsAsked) -> tuple[dict[str, Any] | None, TradeError | None]:
    try:
        return service.segments(who, asked), None
    except (Invalid, Conflict, Unavailable) as error:
        return None, error


def _of_group(found: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return [one for one in found["members"] if not group or one["group"] == group]


def _asked(address: TableQuery) -> SegmentsAsked:
    given = address.filters
    wanted = {name: given.get(name, "") for name in ("customer", "product")} | {"of": given.get("of") or "customers"}
    try:
        return SegmentsAsked.model_validate(wanted)
    except ValidationError as error:
        raise Invalid(_("A filter in the address makes no sense. Clear the filters and choose again.")) from error


def _recommend(found: dict[str, Any], group: str) -> str:
    """The next promotions for all customers of a group; empty where they are too many for one question."""
    ids = [one["id"] for one in found["members"] if one["group"] == group]
    if len(ids) > MOST_CUSTOMERS:
        return ""
    return f"{url_for('recommendations.index')}?{urlencode([('customer', key) for key in ids])}"
