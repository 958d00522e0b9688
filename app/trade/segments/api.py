"""Groups over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.segments import service
from app.trade.segments.models import Segments, SegmentsAsked

blueprint = APIBlueprint("segments_api", __name__, url_prefix="/api/v1/segments", tag="Groups")


@blueprint.get("")
@blueprint.input(SegmentsAsked, location="query")
@blueprint.output(Segments)
@blueprint.doc(summary="Customers or products that sell alike", responses=[401, 403, 409, 422, 503])
def listing(query_data: SegmentsAsked) -> Response:
    """Groups with what sets them apart, and every member with its fit; 409 while there is no model."""
    return json_answer(encode(service.segments(may(Permission.AI_READ), query_data)))
