"""Recommendations over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.planning.answers import draft_made
from app.trade.planning.models import DraftMade
from app.trade.recommendations import service
from app.trade.recommendations.models import DraftFromProposal, RecommendationAsked, Recommended

blueprint = APIBlueprint("recommendations_api", __name__, url_prefix="/api/v1/recommendations", tag="Recommendations")


@blueprint.post("")
@blueprint.input(RecommendationAsked)
@blueprint.output(Recommended)
@blueprint.doc(summary="The next promotions that pay", responses=[401, 403, 409, 422, 503])
def recommend(json_data: RecommendationAsked) -> Response:
    """The best first, each with reasons; promotions that are planned already keep their weeks. Nothing is stored."""
    return json_answer(encode(service.recommend(may(Permission.PROMOTIONS_READ), json_data)))


@blueprint.post("/drafts")
@blueprint.input(DraftFromProposal)
@blueprint.output(DraftMade, status_code=201)
@blueprint.doc(summary="Make a draft of a proposal", responses=[401, 403, 409, 422, 503])
def make_draft(json_data: DraftFromProposal) -> Response:
    """A draft that keeps what is expected of it; `once` sent again answers the same draft."""
    return draft_made(*service.make_draft(may(Permission.PROMOTIONS_WRITE), json_data))
