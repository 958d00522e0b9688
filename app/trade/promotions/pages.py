"""Promotions for people: the list and one promotion; the forms are next door."""

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for

from app.access.models import Permission
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Invalid
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.models.measured import sentence
from app.trade.promotions import choices, decomposition, figures, service
from app.trade.promotions.models import AnalysisState, Origin, PromotionQuery, PromotionStatus
from app.trade.promotions.planned import planned_lines
from app.trade.promotions.reading import certain, sentences
from app.trade.promotions.rules import changeable, may_become
from app.web import formatting
from app.web.export import export_response
from app.web.scope import current_scope
from app.web.table import Column, Picking, RowAction, Table, TableQuery

blueprint = APIBlueprint("promotions", __name__, template_folder="templates", enable_openapi=False)

COLUMNS = (
    Column("name", N_("Promotion"), kind="link", sort=True),
    Column("code", N_("Code"), sort=True, hidden=True),
    Column("customer_name", N_("Customer")),
    Column("start", N_("First day"), kind="date", sort=True),
    Column("end", N_("Last day"), kind="date", sort=True, hidden=True),
    Column("weeks", N_("Weeks"), kind="number"),
    Column("store_count", N_("Stores"), kind="number", hidden=True),
    Column("discount", N_("Off"), kind="percent", sort=True, help=N_("Mean share off the regular price")),
    Column("feature_share", N_("Featured"), kind="percent", hidden=True, help=N_("Share of store-weeks in the advertisement")),
    Column(
        "incremental_units",
        N_("Extra units"),
        kind="custom",
        right=True,
        sort=True,
        help=N_("Sold beyond what would have sold anyway"),
    ),
    Column(
        "net_incremental_units",
        N_("After the dip"),
        kind="signed",
        sort=True,
        hidden=True,
        help=N_("Less what was borrowed from the weeks after"),
    ),
    Column(
        "spend",
        N_("Spend"),
        kind="amount",
        sort=True,
        decimals=0,
        help=N_("What the manufacturer spent, in the company's currency"),
    ),
    Column(
        "net", N_("Net"), kind="custom", right=True, sort=True, help=N_("Margin on the extra units less the spend, manufacturer")
    ),
    Column(
        "roi_manufacturer", N_("ROI"), kind="roi", sort=True, help=N_("Incremental margin / spend, manufacturer; 1 breaks even")
    ),
    Column(
        "roi_retailer", N_("Retailer ROI"), kind="roi", sort=True, hidden=True, help=N_("Incremental margin / spend, retailer")
    ),
    Column("status", N_("State"), kind="custom", sort=True),
    Column("origin", N_("Origin"), kind="status", hidden=True),
)
STEPS = (
    RowAction("active", N_("Activate"), "play"),
    RowAction("completed", N_("Complete"), "check"),
    RowAction("draft", N_("Make drafts again"), "undo-2"),
    RowAction("cancelled", N_("Cancel"), "x"),
)
EXPORTS = (
    RowAction("csv", N_("CSV"), "file-text", download=True),
    RowAction("xlsx", N_("XLSX"), "file-spreadsheet", download=True),
)
FILTERS = ("q", "level", "state", "roi", "product", "customer", "from", "to")
STATES = (
    ("active", N_("Active")),
    ("draft", N_("Draft")),
    ("completed", N_("Completed")),
    ("cancelled", N_("Cancelled")),
    ("observed", N_("Found in sales")),
    ("waiting", N_("Waiting for analysis")),
    ("refused", N_("Analysis declined")),
    ("failed", N_("Analysis failed")),
)
STORE_COLUMNS = (
    Column("name", N_("Store"), kind="link"),
    Column("units", N_("Units"), kind="number"),
    Column("weekly", N_("A week"), kind="number", help=N_("Units a week during the promotion")),
    Column("weekly_before", N_("Before"), kind="number", help=N_("Units a week in the six weeks before")),
    Column(
        "lift",
        N_("Change"),
        kind="custom",
        right=True,
        help=N_("A week during against a week before; not corrected for anything"),
    ),
    Column("price", N_("Price paid"), kind="amount"),
    Column("price_before", N_("Before"), kind="amount", help=N_("Mean price paid in the six weeks before")),
    Column("deal_share", N_("On deal"), kind="percent", help=N_("Share of units sold on deal")),
)


@blueprint.get("/promotions")
def index() -> str | Response:
    """The list; whole chains first, since that is where decisions are made."""
    who = may(Permission.PROMOTIONS_READ)
    address = TableQuery.from_request(COLUMNS, default_sort="-start", filters=FILTERS)
    query = _query(address)
    if address.export:
        return export_response(address.export, "promotions", COLUMNS, service.iterate(who, query))
    page, totals = service.page(who, query)
    table = Table(
        "promotions", COLUMNS, address, page.items, page.next_cursor, page.total,
        href=lambda row: url_for("promotions.detail", promotion_id=row["_id"]),
        totals=_shown(totals),
        caption=_("Promotions"), topic="promotions",
        picking=picking(allowed(who, Permission.PROMOTIONS_WRITE)),
    )  # fmt: skip
    return render_template(
        "promotions/index.html",
        table=table,
        totals=totals,
        assumed=any(figures.assumed(row) for row in page.items),
        levels=service.level_counts(who, query),
        level=address.filters.get("level", "chain"),
        products=choices.product_options(),
        states=[(value, _(word)) for value, word in STATES],
        nothing_at_all=page.total == 0 and not address.filtered and not service.any_at_all(who),
        can_write=allowed(who, Permission.PROMOTIONS_WRITE),
    )


def picking(can_write: bool) -> Picking:
    """What can be done with ticked promotions: everyone may export them, planners may take a step with them."""
    return Picking(
        href=url_for("promotion_batch.selected"),
        actions=[*(STEPS if can_write else ()), *EXPORTS],
        value=lambda row: f"{row['_id']}~{row['version']}",
        label=lambda row: row["name"],
    )


def _shown(totals: Document | None) -> Document | None:
    """The totals row; drawn columns get their sums already written."""
    if not totals or not totals["analysed"]:
        return None
    units, net = formatting.signed(totals["incremental_units"]), formatting.signed(totals["net"])
    return {**totals, "incremental_units": units, "net": net}


def _query(address: TableQuery) -> PromotionQuery:
    """The address as a question; the period and customer that stay while moving stand in where it says nothing."""
    given, scope = address.filters, current_scope()
    level = given.get("level", "chain")
    wanted = {
        "q": given.get("q", ""),
        "level": level if level in {"chain", "store"} else None,
        "customer": given.get("customer") or scope.customer or None,
        "product": given.get("product"),
        "start": given.get("from") or scope.start or None,
        "end": given.get("to") or scope.end or None,
        "roi": given.get("roi"),
        **_state(given.get("state")),
    }
    try:
        return PromotionQuery(sort=address.sort, limit=address.limit, cursor=address.cursor, count=True, **wanted)
    except ValueError as error:
        raise Invalid(_("A filter in the address makes no sense. Clear the filters and choose again.")) from error


def _state(name: str | None) -> dict[str, str]:
    """One choice of the page as the fields it narrows."""
    if name in {"waiting", "refused", "failed"}:
        return {"analysis": name}
    if name == Origin.OBSERVED:
        return {"origin": name}
    return {"status": name, "origin": Origin.ENTERED.value} if name else {}


@blueprint.get("/promotions/<promotion_id>")
def detail(promotion_id: str) -> str | Response:
    """One promotion: state, figures, pictures, both sides, stores, history."""
    who = may(Permission.PROMOTIONS_READ)
    row = service.get(who, promotion_id)
    analysis = row["analysis"]
    done = bool(analysis.get("weeks"))
    stores = figures.stores(row)
    address = TableQuery(sort="", path=request.path)
    if request.args.get("format") in {"csv", "xlsx"}:
        return export_response(request.args["format"], f"{row['code']}-stores", STORE_COLUMNS, stores)
    table = Table(
        "stores", STORE_COLUMNS, address, stores, count=len(stores), panel=True, caption=_("Stores"),
        href=lambda store: f"/customers/{store['_id']}",
    )  # fmt: skip
    return render_template(
        "promotions/detail.html",
        promotion=row,
        type_word=choices.type_word(row["type"]),
        analysis=analysis,
        measured=sentence(None, analysis["model"].get("wmape")) if analysis.get("model") else "",
        done=done,
        reading=sentences(
            figures.exactly(analysis), formatting.number, formatting.about, figures.whole_money(row), row["currency"]
        ),
        certain=certain(analysis.get("incremental_units")),
        assumed=figures.assumed(row),
        tones=[figures.tile_tone(analysis.get(name)) for name in ("manufacturer", "retailer")],
        units_chart=figures.units_chart(row) if done else None,
        parts_chart=decomposition.parts_chart(row) if done else None,
        total_chart=decomposition.total_chart(row) if done else None,
        planned=planned_lines(row),
        price_chart=figures.price_chart(row) if done else None,
        flags_chart=figures.flags_chart(row) if done else None,
        sides=[figures.side(row, name) for name in ("manufacturer", "retailer")] if done else [],
        stores=table,
        history=figures.history(row, service.history(who, promotion_id)),
        warnings=service.warnings(row),
        steps=may_become(PromotionStatus(row["status"]), Origin(row["origin"])),
        can_write=allowed(who, Permission.PROMOTIONS_WRITE),
        can_edit=bool(changeable(PromotionStatus(row["status"]), Origin(row["origin"]))),
        job=service.open_job(row) if analysis["state"] == AnalysisState.WAITING else None,
    )
