"""Models over HTTP."""

from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.core.clock import iso
from app.core.mongo import Document
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.models import service
from app.trade.models.models import Drift, Evaluation, Model, ModelList, Queued, SourceAsked

blueprint = APIBlueprint("models_api", __name__, url_prefix="/api/v1/models", tag="Models")


@blueprint.get("")
@blueprint.input(SourceAsked, location="query")
@blueprint.output(ModelList)
@blueprint.doc(summary="Kept models", responses=[401, 403, 422])
def listing(query_data: SourceAsked) -> Response:
    """The kept models of one source of sales, newest first, with their measured errors; `current` marks the one that serves."""
    return json_answer(encode({"models": service.models(may(Permission.AI_READ), query_data.source.value)}))


@blueprint.get("/drift")
@blueprint.input(SourceAsked, location="query")
@blueprint.output(Drift)
@blueprint.doc(summary="The newest look at drift", responses=[401, 403, 404, 422])
def drift(query_data: SourceAsked) -> Response:
    """Whether prices, promotions, units and errors of the newest weeks still look as at training."""
    return json_answer(encode(look_as_json(service.look(may(Permission.AI_READ), query_data.source.value))))


@blueprint.get("/evaluation")
@blueprint.input(SourceAsked, location="query")
@blueprint.output(Evaluation)
@blueprint.doc(summary="The newest evaluation", responses=[401, 403, 404, 422])
def evaluation(query_data: SourceAsked) -> Response:
    """What a model that ended before the newest weeks would have forecast for them, and how far off it was."""
    return json_answer(encode(service.evaluation(may(Permission.AI_READ), query_data.source.value)))


@blueprint.post("/train")
@blueprint.input(SourceAsked)
@blueprint.output(Queued, status_code=202)
@blueprint.doc(summary="Train a model", responses=[401, 403, 422])
def train(json_data: SourceAsked) -> Any:
    """Queued; the model before serves until the new one is there. Cancelling the job leaves it serving."""
    return _queued("train", json_data)


@blueprint.post("/evaluate")
@blueprint.input(SourceAsked)
@blueprint.output(Queued, status_code=202)
@blueprint.doc(summary="Evaluate the model", responses=[401, 403, 422])
def evaluate(json_data: SourceAsked) -> Any:
    """Queued: the newest twelve weeks are hidden, forecast and compared."""
    return _queued("evaluate", json_data)


@blueprint.post("/drift")
@blueprint.input(SourceAsked)
@blueprint.output(Queued, status_code=202)
@blueprint.doc(summary="Look at drift now", responses=[401, 403, 422])
def look(json_data: SourceAsked) -> Any:
    """Queued; the worker also looks each day by itself."""
    return _queued("drift", json_data)


@blueprint.get("/<model_id>")
@blueprint.output(Model)
@blueprint.doc(summary="One model", responses=[401, 403, 404])
def detail(model_id: str) -> Response:
    """The model with its measured errors."""
    return json_answer(encode(service.get(may(Permission.AI_READ), model_id)))


@blueprint.post("/<model_id>/promote")
@blueprint.output(Model)
@blueprint.doc(summary="Let a kept model serve", responses=[401, 403, 404, 409])
def promote(model_id: str) -> Response:
    """With an older model this is a roll back. Holds until the next training."""
    return json_answer(encode(service.promote(may(Permission.AI_MANAGE), model_id)))


def _queued(what: str, asked: SourceAsked) -> Response:
    return json_answer(encode({"job": service.start(may(Permission.AI_MANAGE), what, asked.source.value)}), 202)


def look_as_json(look: Document) -> dict[str, Any]:
    """A stored look as the API tells it."""
    told = {name: value for name, value in look.items() if name not in {"_id", "at"}}
    return {"at": iso(look["at"].replace(tzinfo=look["at"].tzinfo or UTC)), **told}
