"""The forms of promotions: entering, changing, moving on, analysing; each answers with the page it belongs to."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.access.models import Permission
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, Unavailable
from app.core.i18n import _
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.promotions import choices, service, terms
from app.trade.promotions.models import (
    Origin,
    PromotionChange,
    PromotionCreate,
    PromotionStatus,
    StatusChange,
)
from app.trade.promotions.rules import EVERYTHING, changeable
from app.web.scope import current_scope

blueprint = APIBlueprint("promotion_forms", __name__, template_folder="templates", enable_openapi=False)
_TELLING = frozenset({"customer_id", "product_ids", "start", "end"})


@blueprint.get("/promotions/new")
def new() -> str:
    """The empty form; values in the address fill it, so that other pages can link here."""
    may(Permission.PROMOTIONS_WRITE)
    values = {"customer_id": current_scope().customer, **request.args.to_dict()}
    return _page(None, values, request.args.getlist("product_ids"))


@blueprint.post("/promotions/new")
def create() -> Any:
    """Store the draft; what it overlaps with is shown once before."""
    who = may(Permission.PROMOTIONS_WRITE)
    form = request.form
    product_ids = form.getlist("product_ids")
    try:
        fields = terms.from_form(form, product_ids)
        written = terms.validated({**fields, "code": form.get("code", "").strip()}, PromotionCreate)
        overlaps = [] if form.get("confirmed") else service.warnings_before(who, written)
        if overlaps:
            return _page(None, form, product_ids, overlaps=overlaps)
        row, _warnings = service.create(who, written)
    except Invalid as error:
        return _page(None, form, product_ids, errors=_by_field(error)), 422
    except Conflict as error:
        return _page(None, form, product_ids, errors={"code": error.detail}), 409
    flash(_("{code} is a draft. Activate it when it is agreed.", code=row["code"]), "good")
    return redirect(url_for("promotions.detail", promotion_id=row["_id"]))


@blueprint.get("/promotions/<promotion_id>/edit")
def edit(promotion_id: str) -> str:
    """The form with what is stored."""
    row = service.get(may(Permission.PROMOTIONS_WRITE), promotion_id)
    return _page(row, choices.form_values(row), row["product_ids"])


@blueprint.post("/promotions/<promotion_id>/edit")
def change(promotion_id: str) -> Any:
    """Store the change; when it moved, what it overlaps with is shown once before."""
    who = may(Permission.PROMOTIONS_WRITE)
    row = service.get(who, promotion_id)
    form = request.form
    product_ids = form.getlist("product_ids")
    try:
        wanted = _wanted(row, form, product_ids)
        before = terms.written(row)
        after = terms.merged(before, wanted)
        moved = bool(terms.differing(before, after) & _TELLING) and not form.get("confirmed")
        overlaps = service.warnings_before(who, after, promotion_id) if moved else []
        if overlaps:
            return _page(row, form, product_ids, overlaps=overlaps)
        service.change(who, promotion_id, wanted)
    except Invalid as error:
        return _page(row, form, product_ids, errors=_by_field(error)), 422
    except Conflict as error:
        return _page(row, form, product_ids, errors={"": error.detail}), 409
    flash(_("Saved."), "good")
    return redirect(url_for("promotions.detail", promotion_id=promotion_id))


@blueprint.post("/promotions/<promotion_id>/status")
def status(promotion_id: str) -> Any:
    """One step of its life."""
    who = may(Permission.PROMOTIONS_WRITE)
    try:
        wanted = StatusChange(
            status=PromotionStatus(request.form.get("status", "")),
            version=int(request.form.get("version", "0")),
            reason=request.form.get("reason", ""),
        )
        service.set_status(who, promotion_id, wanted)
    except ValueError as error:
        raise Invalid(_("There is no such state. Open the promotion again and choose what it offers.")) from error
    except Conflict as error:
        flash(error.detail, "bad")
    return redirect(url_for("promotions.detail", promotion_id=promotion_id))


@blueprint.post("/promotions/<promotion_id>/analyse")
def analyse(promotion_id: str) -> Any:
    """Ask for a new analysis; the page shows its progress."""
    try:
        service.analyse(may(Permission.PROMOTIONS_WRITE), promotion_id)
    except (Conflict, Unavailable) as error:
        flash(error.detail, "bad")
    return redirect(url_for("promotions.detail", promotion_id=promotion_id))


@blueprint.post("/promotions/find")
def find() -> Any:
    """Look through the sales again."""
    try:
        service.find_in_sales(may(Permission.PROMOTIONS_WRITE))
        flash(_("Looking through the sales. New promotions appear here as they are found."), "info")
    except Unavailable as error:
        flash(error.detail, "bad")
    return redirect(url_for("promotions.index"))


def _wanted(row: Document, form: "MultiDict[str, str]", product_ids: list[str]) -> PromotionChange:
    """What the form sends of the fields that are open now."""
    opened = changeable(PromotionStatus(row["status"]), Origin(row["origin"]))
    sent = terms.from_form(form, product_ids)
    version = form.get("version", "")
    fields = {name: value for name, value in sent.items() if name in opened}
    return terms.validated({**fields, "version": int(version) if version.isdigit() else 0}, PromotionChange)


def _by_field(error: Invalid) -> dict[str, str]:
    return {one.field: one.message for one in error.errors} or {"": error.detail}


def _page(
    row: Document | None,
    values: Mapping[str, str],
    product_ids: list[str],
    errors: Mapping[str, str] | None = None,
    overlaps: list[str] | None = None,
) -> str:
    opened = EVERYTHING if row is None else changeable(PromotionStatus(row["status"]), Origin(row["origin"]))
    return render_template(
        "promotions/form.html",
        promotion=row,
        form=values,
        errors=errors or {},
        overlaps=overlaps or [],
        opened=opened,
        types=choices.type_options(),
        customers=choices.customer_options(values.get("customer_id", "")) if "customer_id" in opened else [],
        products=choices.product_tree(product_ids) if "product_ids" in opened else [],
        currency=row["currency"] if row else settings().currency,
    )
