"""Plans of the optimiser: asked, worked out by a job, looked at, and accepted event by event into draft promotions."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128
from redis.exceptions import RedisError

from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core import jobs
from app.core.clock import iso, midnight
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.events import emit
from app.core.i18n import _
from app.core.ids import new_id
from app.core.jobs import Job, enqueue
from app.core.money import to_decimal128
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.planning import rules, service, store
from app.trade.planning.models import MOST_CANDIDATES, PlanInput, PlanState, WhatIf
from app.trade.planning.rules import Candidate
from app.trade.products.store import nodes as products
from app.trade.promotions import service as promotions
from app.trade.promotions.analysis import skus_of

JOB = "app.trade.planning.work:work_out"
MOST_WAITING = 3
_LISTED = 50


def ask(who: Principal, wanted: PlanInput) -> Document:
    """Store the question and queue its answer. Raises Invalid naming the field, Conflict when three are at work already."""
    require(who, Permission.PROMOTIONS_READ)
    if store.waiting_of(who.user_id) >= MOST_WAITING:
        raise Conflict(_("{count} of your plans are still being worked out. Wait for one of them.", count=MOST_WAITING))
    skus, found = _checked(who, wanted)
    row: Document = {
        "name": wanted.name,
        "state": PlanState.WAITING.value,
        "detail": None,
        "job": None,
        "question": wanted.model_dump(mode="json"),
        "candidates": [_stored(event) for event in found.events],
        "every": found.every,
        "left_out": found.left_out,
        "skus": len(skus),
        "currency": settings().currency,
        "budget": to_decimal128(wanted.budget),
        "accepted": {},
    }
    plan_id = new_id("plan")
    row = store.insert({"_id": plan_id, **row}, who.user_id)
    record(who, "planning.plan_asked", "plan", plan_id, after={"name": wanted.name, "candidates": len(found.events)})
    job = enqueue(JOB, {"plan_id": plan_id}, title=_("Choosing the calendar {name}", name=wanted.name),
                  topic=f"plans/{plan_id}", who=who.user_id)  # fmt: skip
    store.note_job(plan_id, job)
    return {**row, "job": job}


def _checked(who: Principal, wanted: PlanInput) -> tuple[list[str], rules.Candidates]:
    newest = service.newest_week(who, wanted.source)
    if newest is None:
        raise Invalid(errors=[FieldError("start", _("There are no sales to plan from. Import some first."))])
    errors = rules.plan_errors(wanted, newest)
    unknown = set(wanted.customer_ids) - set(customers.by_ids(wanted.customer_ids, {"_id": 1}))
    if unknown:
        errors.append(FieldError("customer_ids", _("Choose customers that exist.")))
    skus = skus_of(wanted.product_ids)
    if not skus:
        errors.append(FieldError("product_ids", _("Choose products that exist; a brand or category needs SKUs below it.")))
    if errors:
        raise Invalid(errors=errors)
    found = rules.candidates(wanted, skus)
    if not found.events:
        lines = len(skus) * len(wanted.customer_ids) * len(wanted.mechanics)
        if lines > MOST_CANDIDATES:
            text = _("{count} combinations of customer, product and mechanic are too many; {most} can be weighed. Choose fewer.",
                     count=lines, most=MOST_CANDIDATES)  # fmt: skip
        else:
            text = _("The guardrails leave no week to start in. Shorten the blackout, or lengthen the period.")
        raise Invalid(errors=[FieldError("product_ids" if lines > MOST_CANDIDATES else "blackout", text)])
    return skus, found


def get(who: Principal, plan_id: str) -> Document:
    """One plan; raises NotFound."""
    require(who, Permission.PROMOTIONS_READ)
    return store.get(plan_id)


def newest(who: Principal) -> list[Document]:
    """The newest plans."""
    require(who, Permission.PROMOTIONS_READ)
    return store.newest(_LISTED)


def question(row: Mapping[str, Any]) -> PlanInput:
    """What was asked."""
    return PlanInput.model_validate(row["question"])


def events(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every candidate with names and its verdict, as `models.Event` but with exact money; chosen ones first, by start."""
    asked = question(row)
    candidates = row["candidates"]
    names = customers.by_ids({one["customer_id"] for one in candidates}, {"name": 1})
    skus = products.by_ids({one["product_id"] for one in candidates}, {"name": 1})
    verdicts, refused = row.get("verdicts") or {}, row.get("refused") or {}
    found = []
    for one in candidates:
        judged = verdicts.get(one["id"]) or {}
        found.append(
            {
                "id": one["id"],
                "customer_id": one["customer_id"],
                "customer_name": names.get(one["customer_id"], {}).get("name"),
                "product_id": one["product_id"],
                "product_name": skus.get(one["product_id"], {}).get("name"),
                "start": one["start"].date(),
                "end": one["end"].date(),
                "mechanics": asked.mechanics[one["mechanics"]],
                "mechanic": one["mechanics"],
                "chosen": bool(judged.get("chosen")),
                "code": judged.get("code") or ("refused" if one["id"] in refused else "unknown"),
                "rivals": judged.get("rivals") or [],
                "reason": judged.get("reason") or refused.get(one["id"]) or "",
                **{name: _exact(judged.get(name)) for name in ("net", "net_lo80", "net_hi80", "spend", "roi", "other_side_net")},
                **{name: judged.get(name) for name in ("incremental_units", "incremental_lo80", "incremental_hi80")},
                "promotion_id": (row.get("accepted") or {}).get(one["id"]),
                "warnings": judged.get("warnings") or [],
            }
        )
    return sorted(found, key=lambda event: (not event["chosen"], event["start"], event["product_name"] or "", event["id"]))


def accept(who: Principal, plan_id: str, event_ids: Iterable[str], note: str = "") -> dict[str, str]:
    """Make draft promotions of events of the plan; those made before stay as they are. Returns promotion ids by event.

    Raises Conflict when the plan is not done, Invalid for an event that it does not have or could not work out.
    """
    require(who, Permission.PROMOTIONS_WRITE)
    row = store.get(plan_id)
    if row["state"] != PlanState.DONE:
        raise Conflict(_("Only the events of a finished plan can be accepted."))
    known = {one["id"]: one for one in events(row)}
    wanted = list(dict.fromkeys(event_ids))
    unknown = [key for key in wanted if key not in known or known[key]["net"] is None]
    if unknown:
        text = _("This plan has no worked-out event {ids}.", ids=", ".join(unknown[:5]))
        raise Invalid(errors=[FieldError("events", text)])
    made: dict[str, str] = {}
    fresh: dict[str, str] = {}
    for key in wanted:
        there = known[key]["promotion_id"]
        made[key] = there or _draft(who, row, known[key], note)
        if not there and store.note_accepted(plan_id, key, made[key]):
            fresh[key] = made[key]
    if fresh:
        record(who, "planning.events_accepted", "plan", plan_id, after={"name": row["name"], "events": fresh})
        emit(f"plans/{plan_id}", "plan.accepted", {"id": plan_id, "events": sorted(fresh)}, actor=who.user_id)
    return made


def _draft(who: Principal, row: Mapping[str, Any], event: Mapping[str, Any], note: str) -> str:
    asked = question(row)
    mechanics = event["mechanics"]
    wanted = WhatIf(
        **mechanics.model_dump(), customer_id=event["customer_id"], product_ids=[event["product_id"]],
        start=event["start"], weeks=asked.weeks, source=asked.source,
    )  # fmt: skip
    answer = service.simulate(who, wanted)
    name = _("{product}, {plan}", product=event["product_name"] or event["product_id"], plan=row["name"])[:200]
    terms = service.terms_of(mechanics, name, event["customer_id"], [event["product_id"]], event["start"], asked.weeks, answer,
                             asked.source)  # fmt: skip
    if note:
        terms = terms.model_copy(update={"note": note})
    planned = service.figures(answer, mechanics, asked.weeks, "optimiser", row["_id"])
    promotion, _warnings = promotions.create(who, terms, planned, service.draft_id(f"plan|{row['_id']}|{event['id']}"))
    return str(promotion["_id"])


def as_json(row: Mapping[str, Any], whole: bool = True) -> dict[str, Any]:
    """A plan as the API gives it."""
    told = {
        "id": row["_id"],
        "name": row["name"],
        "state": row["state"],
        "detail": row.get("detail"),
        "job": row.get("job"),
        "currency": row["currency"],
        **{name: _text(row.get(name)) for name in ("budget", "net", "spend")},
        "events_chosen": row.get("events_chosen"),
        "events_considered": row.get("events_considered") or len(row.get("candidates") or ()),
        "created_at": iso(row["created_at"]),
        "created_by": row["created_by"],
    }
    if not whole:
        return told
    judged = events(row)
    band = rules.net_band([event for event in judged if event["chosen"]]) or (None, None)
    return {
        **told,
        "question": row["question"],
        "net_lo80": _text(band[0]),
        "net_hi80": _text(band[1]),
        "bound": _text(row.get("bound")),
        **{name: row.get(name) for name in ("model", "incremental_units", "gap", "proven")},
        "events": [_event_json(event) for event in judged],
    }


def _event_json(event: Mapping[str, Any]) -> dict[str, Any]:
    money = {name: _text(event[name]) for name in ("net", "net_lo80", "net_hi80", "spend", "roi", "other_side_net")}
    days = {name: event[name].isoformat() for name in ("start", "end")}
    kept = {name: value for name, value in event.items() if name not in {"mechanic", "rivals"}}
    return {**kept, **days, **money, "mechanics": event["mechanics"].model_dump(mode="json")}


def _stored(event: Candidate) -> Document:
    return {
        "id": event.id,
        "customer_id": event.customer_id,
        "product_id": event.product_id,
        "start": midnight(event.start),
        "end": midnight(event.end),
        "mechanics": event.mechanics,
    }


def candidate_of(stored: Mapping[str, Any]) -> Candidate:
    """A stored candidate as the rules take it."""
    days = {name: stored[name].date() for name in ("start", "end")}
    return Candidate(stored["id"], stored["customer_id"], stored["product_id"], days["start"], days["end"], stored["mechanics"])


def _exact(value: Any) -> Decimal | None:
    return value.to_decimal() if isinstance(value, Decimal128) else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def open_job(row: Mapping[str, Any]) -> Job | None:
    """The job that works it out now, None when none does."""
    if not row.get("job") or row["state"] != PlanState.WAITING:
        return None
    try:
        job = jobs.read(row["job"])
    except (NotFound, RedisError):
        return None
    return None if job.state.final else job
