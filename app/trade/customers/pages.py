"""Customers for people: list, one customer, forms."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, redirect, render_template, request, url_for

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, Stale
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.customers import service
from app.trade.customers.models import LEVELS, CustomerChange, CustomerInput, CustomerLevel, CustomerStatus
from app.trade.hierarchy import forms
from app.trade.hierarchy.rules import words
from app.trade.sales import summary
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("customers", __name__, template_folder="templates", enable_openapi=False)

COLUMNS = (
    Column("code", N_("Code"), kind="link", sort=True),
    Column("name", N_("Name"), sort=True),
    Column("level", N_("Level"), kind="custom", sort=True),
    Column("parent.name", N_("Belongs to")),
    Column("channel", N_("Channel"), sort=True),
    Column("payment_terms", N_("Payment terms"), hidden=True),
    Column("currency", N_("Currency"), hidden=True),
    Column("status", N_("Status"), kind="status", sort=True),
    Column("updated_at", N_("Changed"), kind="ago", sort=True, hidden=True),
)
EXPORTED = (
    *(Column(name, name) for name in ("code", "name", "level")),
    Column("parent.code", "parent_code"),
    *(Column(name, name) for name in ("channel", "payment_terms", "status", "currency")),
)
FIELDS = ("code", "name", "level", "parent_id", "channel", "status", "payment_terms", "currency")
FILTERS = ("q", "level", "status", "channel", "under")


@blueprint.get("/customers")
def index() -> str | Response:
    """The list."""
    who = may(Permission.CUSTOMERS_READ)
    query = TableQuery.from_request(COLUMNS, default_sort="code", filters=FILTERS)
    where = service.where(**query.filters)
    if query.export:
        rows = _with_parents(list(service.iterate(who, where)))
        known = sorted({name for row in rows for name in row.get("attributes", {})})
        columns = (*EXPORTED, *(Column(f"attributes.{name}", f"attributes.{name}") for name in known))
        return export_response(query.export, "customers", columns, rows)
    page = service.page(who, where, query.page_request)
    table = Table(
        "customers", COLUMNS, query, _with_parents(page.items), page.next_cursor, page.total,
        href=lambda row: url_for("customers.detail", customer_id=row["_id"]),
        caption=_("Customers"), topic="customers",
    )  # fmt: skip
    return render_template(
        "customers/index.html",
        table=table,
        levels=level_options(),
        statuses=status_options(),
        channels=[(channel, channel) for channel in service.channels(who)],
        under=service.tree.names([query.filters["under"]]).get(query.filters["under"]) if "under" in query.filters else None,
        can_write=allowed(who, Permission.CUSTOMERS_WRITE),
        words=words,
    )


def _with_parents(rows: list[Document]) -> list[Document]:
    names = service.tree.names([row["parent_id"] for row in rows if row.get("parent_id")])
    return [{**row, "parent": names.get(row.get("parent_id") or "")} for row in rows]


@blueprint.get("/customers/<customer_id>")
def detail(customer_id: str) -> str:
    """One customer."""
    who = may(Permission.CUSTOMERS_READ)
    customer = service.get(who, customer_id)
    can_see_sales = allowed(who, Permission.SALES_READ)
    return render_template(
        "customers/detail.html",
        customer=customer,
        above=service.tree.ancestors(who, customer),
        children=service.tree.children(who, customer_id),
        stores=len(service.tree.below(customer_id, CustomerLevel.STORE.value)),
        history=forms.history("customer", customer),
        can_write=allowed(who, Permission.CUSTOMERS_WRITE),
        can_see_sales=can_see_sales,
        sales=summary.empty_of_node(customer_id=customer_id) if can_see_sales else None,
        words=words,
    )


@blueprint.get("/customers/<customer_id>/sales")
def sales(customer_id: str) -> str:
    """The sales part of one customer; its page asks for it when it is there, because a country takes a second."""
    who = may(Permission.SALES_READ)
    customer = service.get(who, customer_id)
    return render_template(
        "customers/sales.html",
        customer=customer,
        sales=summary.of_node(who, customer_id=customer_id),
        currency=customer["currency"],
    )


@blueprint.get("/customers/new")
def new() -> str:
    """The form for a new customer."""
    who = may(Permission.CUSTOMERS_WRITE)
    return _form(who, {"level": "store", "status": "active", "parent_id": request.args.get("parent", "")})


@blueprint.post("/customers/new")
def create() -> Response:
    """Store it, or show what to correct."""
    who = may(Permission.CUSTOMERS_WRITE)
    form = request.form.to_dict()
    try:
        customer = service.create(who, forms.parsed(CustomerInput, form, FIELDS))
    except (Invalid, Conflict) as error:
        errors = forms.by_field(error)
        if isinstance(error, Conflict):
            errors = {"code": error.detail}
        return make_response(_form(who, form, errors), error.status)
    return make_response(redirect(url_for("customers.detail", customer_id=customer["_id"])))


@blueprint.get("/customers/<customer_id>/edit")
def edit(customer_id: str) -> str:
    """The form of an existing customer."""
    who = may(Permission.CUSTOMERS_WRITE)
    customer = service.get(who, customer_id)
    return _form(who, forms.texts(customer, FIELDS), customer=customer)


@blueprint.post("/customers/<customer_id>/edit")
def change(customer_id: str) -> Response:
    """Save what was changed; when somebody else saved first, show both."""
    who = may(Permission.CUSTOMERS_WRITE)
    form, was = request.form.to_dict(), forms.opened(request.form)
    customer = service.get(who, customer_id)
    try:
        wanted = forms.changed(was, form, FIELDS, texts=("channel", "payment_terms"))
        wanted["version"] = forms.sent_version(form, customer["version"])
        service.change(who, customer_id, forms.checked(CustomerChange, wanted))
    except Stale as error:
        customer = service.get(who, customer_id)
        merged, differences = forms.together(was, customer, form, FIELDS)
        return make_response(_form(who, merged, customer=customer, differences=differences), error.status)
    except (Invalid, Conflict) as error:
        errors = {"code": error.detail} if isinstance(error, Conflict) else forms.by_field(error)
        return make_response(
            _form(who, form, errors, customer={**customer, "version": form.get("version")}, was=was), error.status
        )
    return make_response(redirect(url_for("customers.detail", customer_id=customer_id)))


def _form(who: Principal, form: dict[str, str], errors: dict[str, str] | None = None, customer: Document | None = None,
          differences: Any = (), was: dict[str, str] | None = None) -> str:  # fmt: skip
    parents = service.tree.possible_parents(who)
    return render_template(
        "customers/form.html",
        form=form,
        errors=errors or {},
        customer=customer,
        was=was if was is not None else forms.texts(customer or {}, FIELDS),
        differences=differences,
        parents=[
            (one["_id"], f"{one['name']} ({words(one['level'])})")
            for one in parents
            if not customer or one["_id"] != customer["_id"]
        ],
        parent_names={one["_id"]: one["name"] for one in parents},
        levels=level_options(),
        statuses=status_options(),
    )


def level_options() -> list[tuple[str, str]]:
    """Levels for a choice."""
    return [(level, words(level)[:1].upper() + words(level)[1:]) for level in LEVELS]


def status_options() -> list[tuple[str, str]]:
    """States for a choice."""
    return [(CustomerStatus.ACTIVE.value, _("Active")), (CustomerStatus.INACTIVE.value, _("Inactive"))]
