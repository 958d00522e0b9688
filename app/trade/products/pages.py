"""Products for people: list, one product, forms."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, redirect, render_template, request, url_for

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, Stale
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.hierarchy import forms
from app.trade.hierarchy.rules import words
from app.trade.products import service
from app.trade.products.models import LEVELS, CostBasis, ProductChange, ProductInput, ProductStatus
from app.trade.sales import summary
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("products", __name__, template_folder="templates", enable_openapi=False)

COLUMNS = (
    Column("sku", N_("SKU"), kind="link", sort=True),
    Column("name", N_("Name"), sort=True),
    Column("level", N_("Level"), kind="custom", sort=True),
    Column("parent.name", N_("Belongs to")),
    Column("ean", N_("EAN"), hidden=True),
    Column("pack", N_("Pack"), kind="custom"),
    Column("unit_cost", N_("Unit cost"), kind="amount", sort=True, help=N_("What one unit costs the manufacturer")),
    Column("list_price", N_("List price"), kind="amount", sort=True),
    Column("currency", N_("Currency"), hidden=True),
    Column("status", N_("Status"), kind="status", sort=True),
    Column("updated_at", N_("Changed"), kind="ago", sort=True, hidden=True),
)
EXPORTED = (
    *(Column(name, name) for name in ("sku", "ean", "name", "level")),
    Column("parent.sku", "parent_sku"),
    *(
        Column(name, name)
        for name in ("pack_size", "pack_unit", "unit_cost", "unit_cost_basis", "list_price", "currency", "status")
    ),
)
FIELDS = (
    "sku", "ean", "name", "level", "parent_id", "pack_size", "pack_unit", "unit_cost", "unit_cost_basis", "list_price",
    "currency", "status",
)  # fmt: skip
FILTERS = ("q", "level", "status", "under")


@blueprint.get("/products")
def index() -> str | Response:
    """The list."""
    who = may(Permission.PRODUCTS_READ)
    query = TableQuery.from_request(COLUMNS, default_sort="sku", filters=FILTERS)
    where = service.where(**query.filters)
    if query.export:
        rows = _with_parents(list(service.iterate(who, where)))
        return export_response(query.export, "products", EXPORTED, rows)
    page = service.page(who, where, query.page_request)
    table = Table(
        "products", COLUMNS, query, _with_parents(page.items), page.next_cursor, page.total,
        href=lambda row: url_for("products.detail", product_id=row["_id"]),
        caption=_("Products"), topic="products",
    )  # fmt: skip
    return render_template(
        "products/index.html",
        table=table,
        levels=level_options(),
        statuses=status_options(),
        under=service.tree.names([query.filters["under"]]).get(query.filters["under"]) if "under" in query.filters else None,
        can_write=allowed(who, Permission.PRODUCTS_WRITE),
        words=words,
    )


def _with_parents(rows: list[Document]) -> list[Document]:
    names = service.tree.names([row["parent_id"] for row in rows if row.get("parent_id")])
    return [{**row, "parent": names.get(row.get("parent_id") or "")} for row in rows]


@blueprint.get("/products/<product_id>")
def detail(product_id: str) -> str:
    """One product."""
    who = may(Permission.PRODUCTS_READ)
    product = service.get(who, product_id)
    can_see_sales = allowed(who, Permission.SALES_READ)
    return render_template(
        "products/detail.html",
        product=product,
        above=service.tree.ancestors(who, product),
        children=service.tree.children(who, product_id),
        history=forms.history("product", product),
        can_write=allowed(who, Permission.PRODUCTS_WRITE),
        can_see_sales=can_see_sales,
        sales=summary.empty_of_node(product_id=product_id) if can_see_sales else None,
        words=words,
    )


@blueprint.get("/products/<product_id>/sales")
def sales(product_id: str) -> str:
    """The sales part of one product; its page asks for it when it is there, because a category takes a second."""
    who = may(Permission.SALES_READ)
    product = service.get(who, product_id)
    found = summary.of_node(who, product_id=product_id)
    return render_template("products/sales.html", product=product, sales=found, currency=product["currency"])


@blueprint.get("/products/new")
def new() -> str:
    """The form for a new product."""
    who = may(Permission.PRODUCTS_WRITE)
    return _form(who, {"level": "sku", "status": "active", "parent_id": request.args.get("parent", "")})


@blueprint.post("/products/new")
def create() -> Response:
    """Store it, or show what to correct."""
    who = may(Permission.PRODUCTS_WRITE)
    form = request.form.to_dict()
    try:
        product = service.create(who, forms.parsed(ProductInput, form, FIELDS))
    except (Invalid, Conflict) as error:
        errors = forms.by_field(error)
        if isinstance(error, Conflict):
            errors = {"sku": error.detail}
        return make_response(_form(who, form, errors), error.status)
    return make_response(redirect(url_for("products.detail", product_id=product["_id"])))


@blueprint.get("/products/<product_id>/edit")
def edit(product_id: str) -> str:
    """The form of an existing product."""
    who = may(Permission.PRODUCTS_WRITE)
    product = service.get(who, product_id)
    return _form(who, forms.texts(product, FIELDS), product=product)


@blueprint.post("/products/<product_id>/edit")
def change(product_id: str) -> Response:
    """Save what was changed; when somebody else saved first, show both."""
    who = may(Permission.PRODUCTS_WRITE)
    form, was = request.form.to_dict(), forms.opened(request.form)
    product = service.get(who, product_id)
    try:
        wanted = forms.changed(was, form, FIELDS, texts=("ean", "pack_unit"))
        wanted["version"] = forms.sent_version(form, product["version"])
        service.change(who, product_id, forms.checked(ProductChange, wanted))
    except Stale as error:
        product = service.get(who, product_id)
        merged, differences = forms.together(was, product, form, FIELDS)
        return make_response(_form(who, merged, product=product, differences=differences), error.status)
    except (Invalid, Conflict) as error:
        errors = {"sku": error.detail} if isinstance(error, Conflict) else forms.by_field(error)
        opened = {**product, "version": form.get("version")}
        return make_response(_form(who, form, errors, product=opened, was=was), error.status)
    return make_response(redirect(url_for("products.detail", product_id=product_id)))


def _form(who: Principal, form: dict[str, str], errors: dict[str, str] | None = None, product: Document | None = None,
          differences: Any = (), was: dict[str, str] | None = None) -> str:  # fmt: skip
    parents = service.tree.possible_parents(who)
    return render_template(
        "products/form.html",
        form=form,
        errors=errors or {},
        product=product,
        was=was if was is not None else forms.texts(product or {}, FIELDS),
        differences=differences,
        parents=[
            (one["_id"], f"{one['name']} ({words(one['level'])})")
            for one in parents
            if not product or one["_id"] != product["_id"]
        ],
        parent_names={one["_id"]: one["name"] for one in parents},
        levels=level_options(),
        statuses=status_options(),
        bases=[(CostBasis.MEASURED.value, _("Measured")), (CostBasis.ASSUMED.value, _("Assumed"))],
    )


def level_options() -> list[tuple[str, str]]:
    """Levels for a choice."""
    return [(level, words(level)[:1].upper() + words(level)[1:]) for level in LEVELS]


def status_options() -> list[tuple[str, str]]:
    """States for a choice."""
    return [(ProductStatus.ACTIVE.value, _("Active")), (ProductStatus.DELISTED.value, _("Delisted"))]
