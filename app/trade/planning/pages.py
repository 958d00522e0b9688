"""What-if and price response for people; the optimiser is next door."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, flash, redirect, render_template, request, url_for
from pydantic import ValidationError

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.models.measured import measured
from app.trade.planning import figures, forms, rules, service
from app.trade.planning.models import DraftFromWhatIf, ResponseQuery
from app.trade.promotions import choices
from app.trade.promotions import service as promotions
from app.trade.promotions.rules import EXPLAINED_DISCOUNT
from app.web.export import export_response
from app.web.scope import current_scope
from app.web.table import Column, Kind, Table, TableQuery

blueprint = APIBlueprint("planning", __name__, template_folder="templates", enable_openapi=False)

ELASTICITY_COLUMNS = (
    Column("product_name", N_("Product"), kind="link"),
    Column(
        "brand_name",
        N_("Brand"),
        help=N_("Few sales: drawn to it, as far as brands differ"),
    ),
    Column("chain_name", N_("Customer")),
    Column("promotion", N_("Price cut"), kind="custom", right=True, help=N_("Change of units for 1 % lower price, for a while")),
    Column("promotion_featured", N_("Advertised cut"), kind="custom", right=True, help=N_("The same in the advertisement")),
    Column("regular", N_("Lasting change"), kind="custom", right=True, help=N_("Change of units for 1 % more regular price")),
    Column("weeks", N_("Weeks"), kind="number", help=N_("Weeks that it was learnt from")),
    Column("stores", N_("Stores"), kind="number"),
)
_PARTS: tuple[tuple[str, Kind], ...] = (("value", "number"), ("standard_error", "number"), ("basis", "text"))
_ESTIMATES = ("promotion", "promotion_featured", "regular")
EXPORTED = (
    Column("product_name", N_("Product")),
    Column("brand_name", N_("Brand")),
    Column("chain_name", N_("Customer")),
    *(
        Column(f"{name}.{part}", f"{name.replace('_', ' ')} {part.replace('_', ' ')}", kind=kind)
        for name in _ESTIMATES
        for part, kind in _PARTS
    ),
    Column("weeks", N_("Weeks"), kind="number"),
    Column("stores", N_("Stores"), kind="number"),
)
WEEK_COLUMNS = (
    Column("week", N_("Week"), kind="week"),
    Column("price", N_("Price paid"), kind="amount"),
    Column("price_regular", N_("Regular price"), kind="amount"),
    Column("units", N_("Units a store"), kind="number", decimals=1),
    Column("stores", N_("Stores"), kind="number"),
    Column("deal", N_("On deal"), kind="percent"),
    Column("feature", N_("Advertised"), kind="percent"),
)


@blueprint.get("/what-if")
def what_if() -> str | Response | tuple[str, int]:
    """Sliders and what they come to; without scripts a form that is sent."""
    who = may(Permission.PROMOTIONS_READ)
    newest = service.newest_week(who)
    if newest is None:
        return render_template("planning/what_if.html", newest=None, can_write=allowed(who, Permission.PROMOTIONS_WRITE))
    values = _values(who, newest)
    shown = _answered(who, values)
    customers, products = choices.customer_options(values["customer"]), choices.product_options()
    page = render_template(
        "planning/what_if.html", newest=newest, form=values, customers=customers, products=products,
        starts=rules.first_weeks(newest, int(values["weeks"]) if values["weeks"].isdigit() else 1), **shown,
    )  # fmt: skip
    return page, shown["status"]


@blueprint.get("/what-if/answer")
def answer() -> Any:
    """The same figures alone, for the script that follows the sliders."""
    who = may(Permission.PROMOTIONS_READ)
    newest = service.newest_week(who)
    values = forms.whatif_values(request.args, {})
    shown = _answered(who, values)
    return render_template("planning/_answer.html", form=values, newest=newest, **shown), shown["status"]


def _values(who: Principal, newest: date) -> dict[str, str]:
    """The sliders' places: from the address, from the promotion it names, else what one would try first."""
    given = forms.whatif_defaults(newest)
    source = request.args.get("promotion", "")
    if source:
        given |= _of_promotion(promotions.get(who, source), newest)
    given["customer"] = given["customer"] or current_scope().customer
    if not (given["customer"] and given["product"]):
        sold = service.sold_lately(who)
        given["customer"] = given["customer"] or choices.first_sold(choices.customer_tree([]), sold)
        skus = [one for one in choices.product_tree([]) if one["level"] == "sku"]
        given["product"] = given["product"] or choices.first_sold(skus, sold)
    return forms.whatif_values(request.args, given)


def _of_promotion(row: Document, newest: date) -> dict[str, str]:
    """A promotion's terms as the sliders' places; one that is over is tried in the first week to come."""
    discount = row["discount"].to_decimal() if row.get("discount") is not None else Decimal("0.2")
    feature = row["feature_share"].to_decimal() if row.get("feature_share") is not None else Decimal(0)
    start = row["start"].date()
    first = rules.monday_of(newest) + timedelta(weeks=1)
    weeks = max(1, min(12, -(-((row["end"] - row["start"]).days + 1) // 7)))
    return {
        "customer": row["customer_id"],
        "product": row["product_ids"][0],
        "start": max(rules.monday_of(start), first).isoformat(),
        "weeks": str(weeks),
        "discount": str(min(60, round(discount * 100))),
        "feature": str(round(feature * 20) * 5),
    }


def _answered(who: Principal, values: Mapping[str, str]) -> dict[str, Any]:
    """What the templates show of the answer, or of what stands in its way."""
    shown: dict[str, Any] = {
        "answer": None, "errors": {}, "problem": None, "status": 200, "once": secrets.token_urlsafe(18),
        "can_write": allowed(who, Permission.PROMOTIONS_WRITE), "needs_reason": False, "currency": settings().currency,
    }  # fmt: skip
    try:
        wanted = forms.whatif(values)
        found = service.simulate(who, wanted)
    except Invalid as error:
        errors = {forms.shown_name(one.field): one.message for one in error.errors} or {"": error.detail}
        return {**shown, "errors": errors, "status": 422}
    except (Conflict, Unavailable) as error:
        return {**shown, "problem": error, "status": 200 if isinstance(error, Conflict) else 503}
    return {
        **shown,
        "answer": found,
        "measured": measured(found["model"]),
        "tiles": figures.tiles(found),
        "reading": figures.reading(found),
        "weeks_chart": figures.weeks_chart(found),
        "parts_chart": figures.steps_of(found),
        "sides": figures.sides(found),
        "needs_reason": wanted.discount > EXPLAINED_DISCOUNT,
    }


@blueprint.post("/what-if/draft")
def make_draft() -> Any:
    """A draft promotion of what is shown, with what is expected of it."""
    who = may(Permission.PROMOTIONS_WRITE)
    form = request.form
    values = forms.whatif_values(form, {})
    try:
        wanted = forms.whatif(values)
        fields = {"name": form.get("name", "").strip(), "note": form.get("note", ""), "once": form.get("once", "")}
        draft = DraftFromWhatIf.model_validate({**wanted.model_dump(), **fields})
        row, warnings = service.make_draft(who, draft)
    except ValidationError:
        flash(_("Give the draft a name of up to 200 characters."), "bad")
        return redirect(_back(values))
    except TradeError as error:
        named = "; ".join(one.message for one in error.errors)
        flash(named or error.detail, "bad")
        return redirect(_back(values))
    flash(_("{code} is a draft. It keeps what is expected of it now.", code=row["code"]), "good")
    for warning in warnings[:3]:
        flash(warning, "info")
    return redirect(url_for("promotions.detail", promotion_id=row["_id"]))


def _back(values: Mapping[str, str]) -> str:
    """The sliders as they stood."""
    return f"{url_for('planning.what_if')}?{urlencode(forms.address(values))}"


@blueprint.get("/price-response")
def price_response() -> str | Response:
    """The fitted curve of a product with the weeks behind it, and every product's elasticities."""
    who = may(Permission.PROMOTIONS_READ)
    address = TableQuery(sort="", path="/price-response", address=request.args.to_dict())
    try:
        found = service.elasticities(who)
    except (Conflict, Unavailable) as error:
        return render_template("planning/response.html", problem=error)
    kind = request.args.get("format")
    if kind in {"csv", "xlsx"} and request.args.get("of") != "weeks":
        return export_response(kind, "elasticities", EXPORTED, found["products"])
    product = request.args.get("product") or (found["products"][0]["product_id"] if found["products"] else "")
    customer = request.args.get("customer", current_scope().customer)
    shown, problem = _response(who, product, customer)
    if kind in {"csv", "xlsx"}:
        return export_response(kind, "price-response-weeks", WEEK_COLUMNS, shown["weeks"] if shown else [])
    table = Table(
        "elasticities", ELASTICITY_COLUMNS, address, found["products"], count=len(found["products"]), caption=_("Elasticities"),
        href=lambda row: url_for("planning.price_response", product=row["product_id"], customer=customer or None),
    )  # fmt: skip
    chosen = next((one for one in found["products"] if one["product_id"] == product), None)
    return render_template(
        "planning/response.html",
        problem=problem,
        table=table,
        estimate=figures.estimate,
        product=product,
        product_name=chosen["product_name"] if chosen else "",
        customer=customer,
        customers=choices.customer_options(customer),
        products=[(one["id"], one["name"]) for one in choices.product_tree([]) if one["level"] == "sku"],
        found=shown,
        chart=figures.curve_chart(shown, settings().currency) if shown and shown["curves"] else None,
        reading=figures.response_reading(shown) if shown else "",
        own=shown["elasticities"] if shown else [],
        chosen=chosen,
        refused=found["refused"],
        measured=measured(found["model"]),
    )


def _response(who: Principal, product: str, customer: str) -> tuple[dict[str, Any] | None, TradeError | None]:
    if not product:
        return None, None
    try:
        return service.response(who, ResponseQuery(product=product, customer=customer)), None
    except ValidationError:
        return None, Invalid(_("The address names no product. Choose one below."))
    except (Invalid, Conflict, Unavailable) as error:
        return None, error
