"""Anomalies over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.anomalies import service
from app.trade.anomalies.models import AnomalyAsked, AnomalyPage
from app.trade.hierarchy.answers import encode, json_answer

blueprint = APIBlueprint("anomalies_api", __name__, url_prefix="/api/v1/anomalies", tag="Anomalies")


@blueprint.get("")
@blueprint.input(AnomalyAsked, location="query")
@blueprint.output(AnomalyPage)
@blueprint.doc(summary="Weeks nobody would expect", responses=[401, 403, 409, 422])
def listing(query_data: AnomalyAsked) -> Response:
    """The strangest first, with the likeliest cause; 409 while there is no model."""
    found = service.search(may(Permission.AI_READ), query_data)
    start = int(query_data.cursor or 0)
    end = start + query_data.limit
    return json_answer(
        encode(
            {
                "items": found.rows[start:end],
                "next_cursor": str(end) if end < len(found.rows) else None,
                "total": len(found.rows),
                "found": found.found,
                "model": found.model,
            }
        )
    )
