"""Forecasts over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.forecasts import service
from app.trade.forecasts.models import Accuracy, AccuracyAsked, Forecast, ForecastAsked
from app.trade.hierarchy.answers import encode, json_answer

blueprint = APIBlueprint("forecasts_api", __name__, url_prefix="/api/v1/forecasts", tag="Forecasts")


@blueprint.get("")
@blueprint.input(ForecastAsked, location="query")
@blueprint.output(Forecast)
@blueprint.doc(summary="Units of weeks to come", responses=[401, 403, 409, 422])
def forecast(query_data: ForecastAsked) -> Response:
    """Units of the weeks after the newest sales under a plan, with bands of the sum; 409 while there is no model."""
    return json_answer(encode(service.forecast(may(Permission.AI_READ), query_data)))


@blueprint.get("/accuracy")
@blueprint.input(AccuracyAsked, location="query")
@blueprint.output(Accuracy)
@blueprint.doc(summary="Accuracy as it was", responses=[401, 403, 404, 409, 422])
def accuracy(query_data: AccuracyAsked) -> Response:
    """What a model that had not seen the newest weeks would have forecast for them; 409 before the first evaluation."""
    return json_answer(encode(service.accuracy(may(Permission.AI_READ), query_data)))
