"""The optimiser for people: its question, its calendar, why each event is in or out, and drafts of the chosen ones."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response, flash, redirect, render_template, request, url_for

from app.access.models import Permission
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.i18n import N_, _
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.models.measured import measured
from app.trade.planning import figures, forms, plans, rules, service
from app.trade.planning.gantt import calendar
from app.trade.planning.models import FURTHEST_WEEKS, PlanState
from app.trade.promotions import choices
from app.trade.promotions.rules import EXPLAINED_DISCOUNT
from app.web import formatting
from app.web.export import export_response
from app.web.scope import current_scope
from app.web.table import Column

blueprint = APIBlueprint("optimiser", __name__, template_folder="templates", enable_openapi=False)

EXPORTED = (
    Column("id", N_("Event")),
    Column("customer_name", N_("Customer")),
    Column("product_name", N_("Product")),
    Column("start", N_("First day"), kind="date"),
    Column("end", N_("Last day"), kind="date"),
    Column("what", N_("What")),
    Column("verdict", N_("Verdict")),
    Column("why", N_("Why")),
    Column("incremental_units", N_("Extra units"), kind="number"),
    Column("incremental_lo80", N_("Extra units, low 80 %"), kind="number"),
    Column("incremental_hi80", N_("Extra units, high 80 %"), kind="number"),
    Column("spend", N_("Spend"), kind="amount"),
    Column("net", N_("Net"), kind="amount"),
    Column("net_lo80", N_("Net, low 80 %"), kind="amount"),
    Column("net_hi80", N_("Net, high 80 %"), kind="amount"),
    Column("roi", N_("ROI"), kind="roi"),
    Column("other_side_net", N_("Other side's net"), kind="amount"),
)
_OUT = {
    "loses": N_("They lose money"),
    "near": N_("Too near to a better one"),
    "taken": N_("Their weeks are not free: another promotion of the product is near"),
    "budget": N_("The budget does not reach"),
    "limit": N_("Others use the limits better"),
    "guardrail": N_("Beyond a guardrail"),
    "refused": N_("Cannot be worked out"),
    "unknown": N_("Not weighed"),
}


@blueprint.get("/optimiser")
def index() -> str:
    """The question, and the plans asked so far."""
    who = may(Permission.PROMOTIONS_READ)
    newest = service.newest_week(who)
    values = {**(forms.plan_defaults(newest) if newest else {}), **request.args.to_dict()}
    chosen = request.args.getlist("customer_ids") or ([current_scope().customer] if current_scope().customer else [])
    if "again" in request.args:
        values, chosen, products = _again(plans.question(plans.get(who, request.args["again"])))
        return _form(values, chosen, products)
    return _form(values, chosen, request.args.getlist("product_ids"))


@blueprint.post("/optimiser")
def ask() -> Any:
    """Queue the question; what was typed stays when something is wrong with it."""
    who = may(Permission.PROMOTIONS_READ)
    form = request.form
    chosen, products = form.getlist("customer_ids"), form.getlist("product_ids")
    try:
        row = plans.ask(who, forms.plan(form, chosen, products))
    except Invalid as error:
        errors = {one.field: one.message for one in error.errors} or {"": error.detail}
        return _form(form, chosen, products, errors), 422
    except (Conflict, Unavailable) as error:
        return _form(form, chosen, products, {"": error.detail}), error.status
    return redirect(url_for("optimiser.detail", plan_id=row["_id"]))


def _again(asked: Any) -> tuple[dict[str, str], list[str], list[str]]:
    """A question asked before as the form's values."""
    percent = {"most_discount": asked.rules.most_discount, "most_spend_share": asked.rules.most_spend_share}
    values = {name: _percent(share) for name, share in percent.items()}
    for name in ("weeks_between", "most_events", "most_at_once", "fewest_units"):
        value = getattr(asked.rules, name)
        values[name] = "" if value is None else str(value)
    values |= {"blackout": ", ".join(day.isoformat() for day in asked.rules.blackout), "side": asked.side, "name": asked.name}
    values |= {"start": asked.start.isoformat(), "end": asked.end.isoformat(), "weeks": str(asked.weeks)}
    values["budget"] = f"{asked.budget.normalize():f}"
    for row, mechanics in enumerate(asked.mechanics[: forms.ROWS], start=1):
        shares = {name: _percent(getattr(mechanics, name)) for name in ("discount", "feature", "display", "funding")}
        fixed = f"{mechanics.fixed.normalize():f}" if mechanics.fixed else ""
        values |= {f"{name}_{row}": text for name, text in {**shares, "fixed": fixed}.items()}
    return values, asked.customer_ids, asked.product_ids


def _percent(share: Any) -> str:
    return "" if share is None else f"{(share * 100).normalize():f}"


def _form(values: Mapping[str, str], chosen: list[str], products: list[str], errors: Mapping[str, str] | None = None) -> str:
    who = may(Permission.PROMOTIONS_READ)
    tree = [one for one in choices.customer_tree(chosen) if one["level"] != "store" or one["chosen"]] or choices.customer_tree(
        chosen
    )
    if not chosen and tree:
        first = choices.first_sold(tree, service.sold_lately(who))
        tree = [{**one, "chosen": one["id"] == first} for one in tree]
    return render_template(
        "planning/optimiser.html",
        newest=service.newest_week(who),
        furthest=FURTHEST_WEEKS,
        form=values,
        errors=errors or {},
        rows=range(1, forms.ROWS + 1),
        customers=tree,
        products=choices.product_tree(products),
        currency=settings().currency,
        plans=plans.newest(who),
    )


@blueprint.get("/optimiser/<plan_id>")
def detail(plan_id: str) -> str | Response:
    """One plan: progress while it is worked out, then calendar, figures, verdicts."""
    who = may(Permission.PROMOTIONS_READ)
    row = plans.get(who, plan_id)
    asked = plans.question(row)
    events = [_shown(event) for event in plans.events(row)]
    for event in events:
        event["why"] = _why(event, events)
    kind = request.args.get("format")
    if kind in {"csv", "xlsx"}:
        return export_response(kind, f"plan-{plan_id}", EXPORTED, events)
    chosen = [event for event in events if event["chosen"]]
    left_out = Counter(event["code"] for event in events if not event["chosen"])
    budget = row["budget"].to_decimal()
    done = row["state"] == PlanState.DONE
    return render_template(
        "planning/plan.html",
        plan=row,
        asked=asked,
        done=done,
        events=events,
        chosen=chosen,
        measured=measured(row.get("model")),
        care=list(dict.fromkeys(text for event in chosen for text in event["warnings"])),
        calendar=calendar(chosen, asked.start, asked.end, asked.rules.blackout, budget) if chosen else None,
        left_out=[(_(_OUT.get(code, code)), count) for code, count in left_out.most_common()],
        band=rules.net_band(chosen),
        customer_names=", ".join(node["name"] for node in customers.by_ids(asked.customer_ids, {"name": 1}).values()),
        kinds=[figures.mechanics_text(one.discount, one.deal, one.feature, one.display) for one in asked.mechanics],
        job=plans.open_job(row),
        needs_reason=any(event["mechanics"].discount > EXPLAINED_DISCOUNT for event in chosen),
        can_write=allowed(who, Permission.PROMOTIONS_WRITE),
    )


@blueprint.post("/optimiser/<plan_id>/accept")
def accept(plan_id: str) -> Any:
    """Draft promotions of the ticked events."""
    who = may(Permission.PROMOTIONS_WRITE)
    ticked = request.form.getlist("events")
    if not ticked:
        flash(_("Tick the events to make drafts of."), "bad")
        return redirect(url_for("optimiser.detail", plan_id=plan_id))
    try:
        made = plans.accept(who, plan_id, ticked, request.form.get("note", "").strip())
    except TradeError as error:
        flash("; ".join(one.message for one in error.errors) or error.detail, "bad")
    else:
        flash(_("{count} events are draft promotions now.", count=len(made)), "good")
    return redirect(url_for("optimiser.detail", plan_id=plan_id))


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    mechanics = event["mechanics"]
    what = figures.mechanics_text(mechanics.discount, mechanics.deal, mechanics.feature, mechanics.display)
    return {**event, "what": what, "verdict": _("in") if event["chosen"] else _("out")}


def _why(event: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    """The reason with names instead of ids."""
    if event["code"] == "near":
        named = [_label(other) for other in events if other["id"] in event["rivals"]]
        return _("Too near to {others}, which earn more with the rest", others="; ".join(named))
    words = {
        "chosen": _("Earns more than what it keeps out"),
        "demanded": _("Demanded"),
        "loses": _("Loses money"),
        "budget": _("What is left of the budget does not cover it"),
        "limit": _("The limits on events are better used by others"),
    }
    told = words.get(event["code"]) or str(event["reason"]).removeprefix("out: ")
    if event["code"] == "chosen" and event["net"] is not None and event["net"] <= 0:
        told = _("Loses money, but the units to reach need it")
    return told[:1].upper() + told[1:]


def _label(event: Mapping[str, Any]) -> str:
    window = formatting.window(event["start"], event["end"])
    return _("{product} {window} ({what})", product=event["product_name"], window=window, what=event["what"])
