"""Planning over HTTP: simulations, price response, and the optimiser's plans."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.planning import plans, service
from app.trade.planning.answers import draft_made
from app.trade.planning.models import (
    Accept,
    Accepted,
    DraftFromWhatIf,
    DraftMade,
    Elasticities,
    Plan,
    PlanInput,
    PlanPage,
    ResponsePage,
    ResponseQuery,
    Simulated,
    WhatIf,
)

blueprint = APIBlueprint("planning_api", __name__, url_prefix="/api/v1/planning", tag="Planning")


@blueprint.post("/simulate")
@blueprint.input(WhatIf)
@blueprint.output(Simulated)
@blueprint.doc(summary="Try a promotion out", responses=[401, 403, 409, 422, 503])
def simulate(json_data: WhatIf) -> Response:
    """What a promotion that does not exist yet would sell and earn, for both sides, with bands."""
    return json_answer(encode(service.simulate(may(Permission.PROMOTIONS_READ), json_data)))


@blueprint.post("/drafts")
@blueprint.input(DraftFromWhatIf)
@blueprint.output(DraftMade, status_code=201)
@blueprint.doc(summary="Make a draft of a promotion that was tried out", responses=[401, 403, 409, 422, 503])
def make_draft(json_data: DraftFromWhatIf) -> Response:
    """A draft that keeps the baseline and uplift it was planned with; `once` sent again answers the same draft."""
    return draft_made(*service.make_draft(may(Permission.PROMOTIONS_WRITE), json_data))


@blueprint.get("/elasticities")
@blueprint.output(Elasticities)
@blueprint.doc(summary="Price elasticities", responses=[401, 403, 409, 503])
def elasticities() -> Response:
    """Own and cross price elasticities of every modelled product, with standard errors."""
    return json_answer(encode(service.elasticities(may(Permission.PROMOTIONS_READ))))


@blueprint.get("/response")
@blueprint.input(ResponseQuery, location="query")
@blueprint.output(ResponsePage)
@blueprint.doc(summary="Units over price", responses=[401, 403, 409, 422, 503])
def response(query_data: ResponseQuery) -> Response:
    """The fitted curve of one product at a customer, with its band, and the real weeks behind it."""
    return json_answer(encode(service.response(may(Permission.PROMOTIONS_READ), query_data)))


@blueprint.get("/plans")
@blueprint.output(PlanPage)
@blueprint.doc(summary="List plans", responses=[401, 403])
def list_plans() -> Response:
    """The newest plans, without their events."""
    rows = plans.newest(may(Permission.PROMOTIONS_READ))
    return json_answer(encode({"items": [plans.as_json(row, whole=False) for row in rows]}))


@blueprint.post("/plans")
@blueprint.input(PlanInput)
@blueprint.output(Plan, status_code=202)
@blueprint.doc(summary="Ask for the best calendar", responses=[401, 403, 409, 422, 503])
def ask(json_data: PlanInput) -> Any:
    """Queued; watch the job, then read the plan."""
    row = plans.ask(may(Permission.PROMOTIONS_READ), json_data)
    answer = json_answer(encode(plans.as_json(row)), 202)
    answer.headers["Location"] = f"/api/v1/planning/plans/{row['_id']}"
    return answer


@blueprint.get("/plans/<plan_id>")
@blueprint.output(Plan)
@blueprint.doc(summary="One plan", responses=[401, 403, 404])
def plan(plan_id: str) -> Response:
    """The plan with every event considered, why each is in or out, the bound and the gap."""
    return json_answer(encode(plans.as_json(plans.get(may(Permission.PROMOTIONS_READ), plan_id))))


@blueprint.post("/plans/<plan_id>/accept")
@blueprint.input(Accept)
@blueprint.output(Accepted)
@blueprint.doc(summary="Make drafts of a plan's events", responses=[401, 403, 404, 409, 422, 503])
def accept(plan_id: str, json_data: Accept) -> Response:
    """Each event once, however often it is accepted."""
    made = plans.accept(may(Permission.PROMOTIONS_WRITE), plan_id, json_data.events, json_data.note)
    return json_answer(encode({"promotions": made}))
