"""The job behind a plan: the AI service weighs every candidate and chooses; the plan keeps the verdicts."""

from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.access.models import Principal
from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.events import emit
from app.core.i18n import _
from app.core.jobs import JobCancelled, Progress
from app.core.mongo import Document
from app.trade.planning import plans, rules, store
from app.trade.planning.client import PlanningClient
from app.trade.planning.models import PlanInput, PlanState
from app.trade.planning.service import newest_week
from app.trade.planning.taken import taken

_SECONDS = 120.0
_MONEY = ("net", "net_lo80", "net_hi80", "spend", "roi", "other_side_net")
_STEPS = 3


def work_out(progress: Progress, plan_id: str) -> dict[str, Any]:
    """Ask the AI service for the plan's calendar and keep it; run again, it changes nothing.

    Raises Unavailable when the AI service does not answer; the plan then says so.
    """
    row = store.get(plan_id)
    if row["state"] != PlanState.WAITING:
        return {"state": row["state"]}
    asked = plans.question(row)
    events = [plans.candidate_of(one) for one in row["candidates"]]
    try:
        progress.report(0, _STEPS, _("{count} possible events", count=len(events)))
        progress.stop_if_cancelled()
        progress.report(1, _STEPS, _("Working out {count} events and choosing among them", count=len(events)))
        with PlanningClient(seconds=_SECONDS) as ai:
            answer = ai.optimise(rules.plan_question(asked, events, _taken(asked)))
        changes = done(answer)
    except JobCancelled:
        _keep(plan_id, {"state": PlanState.FAILED.value, "detail": _("It was cancelled. Ask again with the same figures.")})
        raise
    except Unavailable as error:
        _keep(plan_id, {"state": PlanState.FAILED.value, "detail": error.detail})
        raise
    except (Invalid, Conflict) as error:
        changes = refused(error)
    _keep(plan_id, changes)
    progress.report(_STEPS, _STEPS, _("Done"))
    return {"state": changes["state"]}


def _taken(asked: PlanInput) -> list[dict[str, Any]]:
    who = Principal.system("planning")
    newest = newest_week(who, asked.source)
    return taken(who, newest, asked.rules.weeks_between) if newest else []


def _keep(plan_id: str, changes: Document) -> None:
    store.answer(plan_id, changes)
    emit(f"plans/{plan_id}", "plan.done", {"id": plan_id, "state": changes["state"]})


def done(answer: dict[str, Any]) -> Document:
    """The AI service's calendar as the plan keeps it."""
    model = answer["model"]
    verdicts = {one["id"]: {**one, **{name: _exact(one.get(name)) for name in _MONEY}} for one in answer["events"]}
    return {
        "state": PlanState.DONE.value,
        "detail": None,
        "model": {name: model.get(name) for name in ("id", "fitted_at", "window", "metrics")},
        **{name: _exact(answer[name]) for name in ("net", "spend", "bound")},
        **{name: answer[name] for name in ("gap", "proven", "incremental_units")},
        "events_chosen": sum(one["chosen"] for one in answer["events"]),
        "events_considered": len(answer["events"]) + len(answer["refused"]),
        "verdicts": verdicts,
        "refused": {one["id"]: one["reason"] for one in answer["refused"]},
    }


def refused(error: TradeError) -> Document:
    """No calendar: because no set of events keeps the rules, or because the question cannot be answered."""
    infeasible = any(one.field == "budget" and "keeps all rules" in one.message for one in error.errors)
    named = "; ".join(one.message for one in error.errors[:3]) if not infeasible else ""
    detail = f"{error.detail}. {named}" if named and named not in error.detail else error.detail
    state = PlanState.INFEASIBLE if infeasible else PlanState.FAILED
    return {"state": state.value, "detail": detail[:1].upper() + detail[1:]}


def _exact(value: Any) -> Decimal128 | None:
    return None if value is None else Decimal128(Decimal(str(value)))
