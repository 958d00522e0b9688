"""Recommendations for people: the question, proposals with their reasons, and a draft of one by one button."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from pydantic import ValidationError

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.i18n import N_, _
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.models.measured import measured
from app.trade.planning import figures as planning_figures
from app.trade.planning import service as planning
from app.trade.promotions import choices
from app.trade.promotions.rules import EXPLAINED_DISCOUNT
from app.trade.recommendations import figures, forms, service
from app.trade.recommendations.models import DraftFromProposal, RecommendationAsked
from app.trade.sales import store as sales
from app.web.export import export_response
from app.web.scope import current_scope
from app.web.table import Column

blueprint = APIBlueprint("recommendations", __name__, template_folder="templates", enable_openapi=False)

EXPORTED = (
    Column("rank", N_("Rank"), kind="number"),
    Column("product_name", N_("Product")),
    Column("start", N_("First day")),
    Column("end", N_("Last day")),
    Column("what", N_("What")),
    Column("mechanics.funding", N_("Paid by the manufacturer")),
    Column("net", N_("Net"), kind="amount"),
    Column("net_lo80", N_("Net, low 80 %"), kind="amount"),
    Column("net_hi80", N_("Net, high 80 %"), kind="amount"),
    Column("manufacturer.net", N_("Manufacturer, net"), kind="amount"),
    Column("manufacturer.spend", N_("Manufacturer, spend"), kind="amount"),
    Column("manufacturer.roi", N_("Manufacturer, ROI"), kind="roi"),
    Column("retailer.net", N_("Retailer, net"), kind="amount"),
    Column("retailer.roi", N_("Retailer, ROI"), kind="roi"),
    Column("baseline_units", N_("Units without it"), kind="number"),
    Column("promoted_units", N_("Units on promotion"), kind="number"),
    Column("net_units.mean", N_("Extra units, net"), kind="number"),
    Column("net_units.lo80", N_("Extra units, low 80 %"), kind="number"),
    Column("net_units.hi80", N_("Extra units, high 80 %"), kind="number"),
    Column("reasons", N_("Reasons")),
)


@blueprint.get("/recommendations")
def index() -> Any:
    """The frame at once; what pays takes some seconds to work out and follows, unless it was worked out before."""
    who = may(Permission.PROMOTIONS_READ)
    any_sales = sales.any_of({})
    chosen = [one for one in request.args.getlist("customer") if one] or ([_first_customer(who)] if any_sales else [])
    values = forms.values_of(request.args)
    ready = bool(request.headers.get("HX-Request")) or request.args.get("now") == "1"
    shown: dict[str, Any] = {"found": None, "errors": {}, "problem": None, "status": 200}
    if any_sales:
        shown |= _answered(who, values, chosen, ready or _export() is not None)
    if _export() and shown["found"]:
        return export_response(_export() or "csv", "recommendations", EXPORTED, shown["found"]["proposals"])
    page = render_template(
        "recommendations/index.html",
        any_sales=any_sales,
        form=values,
        chosen=[(key, node["name"]) for key, node in customers.by_ids(chosen, {"name": 1}).items()],
        customers=choices.customer_options(chosen[0] if chosen else "") if any_sales else [],
        products=choices.product_options() if any_sales else [],
        here=f"{request.path}?{urlencode([('customer', key) for key in chosen] + _filled(values))}",
        ready=ready or bool(shown["errors"]),
        once=secrets.token_urlsafe(12),
        currency=settings().currency,
        can_write=allowed(who, Permission.PROMOTIONS_WRITE),
        deep=EXPLAINED_DISCOUNT,
        **shown,
    )
    # A part of a page that comes with an error's status would not be shown: this one says itself what is wrong.
    return page, 200 if request.headers.get("HX-Request") else shown["status"]


def _export() -> str | None:
    kind = request.args.get("format")
    return kind if kind in {"csv", "xlsx"} else None


def _filled(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in values.items() if value]


def _first_customer(who: Principal) -> str:
    """Whom the top bar names, else the first that sold lately."""
    return current_scope().customer or choices.first_sold(choices.customer_tree([]), planning.sold_lately(who))


def _answered(who: Principal, values: Mapping[str, str], chosen: Sequence[str], work_out: bool) -> dict[str, Any]:
    """What the page shows of the answer, or of what stands in its way; without `work_out` only the form is looked at."""
    try:
        asked = forms.asked(values, chosen)
        if not work_out:
            return {}
        found = service.recommend(who, asked)
    except Invalid as error:
        errors = {forms.shown_name(one.field): one.message for one in error.errors} or {"": error.detail}
        return {"errors": errors, "status": 422}
    except (Conflict, Unavailable) as error:
        return {"problem": error, "status": 200 if isinstance(error, Conflict) else 503}
    return {"found": _shown(found, asked), "chart": figures.net_chart(found), "measured": measured(found["model"])}


def _shown(found: dict[str, Any], asked: RecommendationAsked) -> dict[str, Any]:
    proposals = [
        {
            **one,
            "rank": rank,
            "what": figures.what(one),
            "tiles": figures.tiles(one),
            "sides": planning_figures.sides(one),
            "values": figures.form_values(one, asked),
            "sliders": figures.whatif_values(one, asked.weeks),
        }
        for rank, one in enumerate(found["proposals"], start=1)
    ]
    return {**found, "proposals": proposals}


@blueprint.post("/recommendations/draft")
def make_draft() -> Any:
    """A draft of one proposal at each of its customers."""
    who = may(Permission.PROMOTIONS_WRITE)
    form = request.form
    back = redirect(form.get("back", "") if form.get("back", "").startswith("/recommendations") else "/recommendations")
    made: list[dict[str, Any]] = []
    try:
        for customer in dict.fromkeys(form.getlist("customer")):
            row, _warnings = service.make_draft(who, _wanted(form, customer))
            made.append(row)
    except (ValidationError, TradeError) as error:
        flash(_what_is_wrong(error), "bad")
        return back
    if not made:
        flash(_("Choose a customer."), "bad")
        return back
    if len(made) == 1:
        flash(_("{code} is a draft. It keeps what is expected of it now.", code=made[0]["code"]), "good")
        return redirect(url_for("promotions.detail", promotion_id=made[0]["_id"]))
    flash(_("{count} drafts were made, one a customer.", count=len(made)), "good")
    return redirect(url_for("promotions.index", state="draft"))


def _wanted(form: Any, customer: str) -> DraftFromProposal:
    names = ("start", "weeks", "discount", "feature", "display", "funding", "fixed", "note")
    fields = {name: form[name].strip() for name in names if form.get(name)}
    wish = "|".join((form.get("once", ""), form.get("product", ""), customer))  # one page, many buttons
    return DraftFromProposal.model_validate(
        {
            **fields, "customer_id": customer, "product_ids": [form.get("product", "")], "deal": bool(form.get("deal")),
            "name": form.get("name", "").strip(), "once": hashlib.sha256(wish.encode()).hexdigest()[:40],
        }
    )  # fmt: skip


def _what_is_wrong(error: Exception) -> str:
    if isinstance(error, TradeError):
        return "; ".join(one.message for one in error.errors) or error.detail
    return _("This proposal cannot be read any more. Work it out again.")
