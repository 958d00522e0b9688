"""Promotions over HTTP."""

import functools
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.core.mongo import Document
from app.trade.hierarchy.answers import encode, json_answer, packed_answer
from app.trade.promotions import service
from app.trade.promotions.listing import as_json
from app.trade.promotions.models import (
    Promotion,
    PromotionChange,
    PromotionCreate,
    PromotionPage,
    PromotionQuery,
    Queued,
    Saved,
    StatusChange,
)
from app.web import short_way

blueprint = APIBlueprint("promotions_api", __name__, url_prefix="/api/v1/promotions", tag="Promotions")


@blueprint.get("")
@blueprint.input(PromotionQuery, location="query")
@blueprint.output(PromotionPage)
@blueprint.doc(summary="List promotions", responses=[401, 403, 422])
def listing(query_data: PromotionQuery) -> Response:
    """A page of promotions, filtered and sorted, without the weeks of their analysis."""
    who = may(Permission.PROMOTIONS_READ)
    answer = packed_answer(service.page_json(who, query_data))
    load = functools.partial(service.load_page, query=query_data)
    short_way.remember(service.page_question(query_data), load, Permission.PROMOTIONS_READ)
    return answer


@blueprint.post("")
@blueprint.input(PromotionCreate)
@blueprint.output(Saved, status_code=201)
@blueprint.doc(summary="Enter a promotion", responses=[401, 403, 409, 422])
def create(json_data: PromotionCreate) -> Any:
    """A new draft; `warnings` name live promotions of the same product at the same store in the same week."""
    promotion, warnings = service.create(may(Permission.PROMOTIONS_WRITE), json_data)
    answer = _saved(promotion, warnings, 201)
    answer.headers["Location"] = f"/api/v1/promotions/{promotion['_id']}"
    return answer


@blueprint.post("/find")
@blueprint.output(Queued, status_code=202)
@blueprint.doc(summary="Look through the sales for promotions", responses=[401, 403])
def find() -> Any:
    """Queued: only sales that changed since the last time are looked through."""
    return json_answer(encode({"job": service.find_in_sales(may(Permission.PROMOTIONS_WRITE))}), 202)


@blueprint.get("/<promotion_id>")
@blueprint.output(Promotion)
@blueprint.doc(summary="One promotion", responses=[401, 403, 404])
def detail(promotion_id: str) -> Response:
    """The promotion with its stores and the weeks of its analysis."""
    return json_answer(encode(as_json(service.get(may(Permission.PROMOTIONS_READ), promotion_id))))


@blueprint.patch("/<promotion_id>")
@blueprint.input(PromotionChange)
@blueprint.output(Saved)
@blueprint.doc(summary="Change a promotion", responses=[401, 403, 404, 409, 422])
def change(promotion_id: str, json_data: PromotionChange) -> Response:
    """Changes what is sent; 409 when `version` is not the newest any more, or its state does not allow it."""
    return _saved(*service.change(may(Permission.PROMOTIONS_WRITE), promotion_id, json_data))


@blueprint.post("/<promotion_id>/status")
@blueprint.input(StatusChange)
@blueprint.output(Promotion)
@blueprint.doc(summary="Move a promotion on", responses=[401, 403, 404, 409, 422])
def status(promotion_id: str, json_data: StatusChange) -> Response:
    """One step: draft, active, completed, or cancelled."""
    promotion = service.set_status(may(Permission.PROMOTIONS_WRITE), promotion_id, json_data)
    return json_answer(encode(as_json(promotion)))


@blueprint.post("/<promotion_id>/analyse")
@blueprint.output(Queued, status_code=202)
@blueprint.doc(summary="Analyse a promotion again", responses=[401, 403, 404, 409])
def analyse(promotion_id: str) -> Any:
    """Queued: what it sold beyond what would have sold anyway, and who earned."""
    return json_answer(encode({"job": service.analyse(may(Permission.PROMOTIONS_WRITE), promotion_id)}), 202)


def _saved(promotion: Document, warnings: list[str], status: int = 200) -> Response:
    return json_answer(encode({"promotion": as_json(promotion), "warnings": warnings}), status)
