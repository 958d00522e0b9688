"""Maintenance leases over HTTP, and beginning and ending one from the overview."""

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import iso
from app.core.errors import TradeError
from app.core.i18n import N_, _
from app.supervisor.leases import LONGEST, SHORTEST, Keeper, release, take
from app.supervisor.pages.reading import bounded, json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR
from app.supervisor.state import Lease

# How long a person can ask for on a page.
LENGTHS = {"1800": N_("30 minutes"), "7200": N_("2 hours"), "28800": N_("8 hours"), "86400": N_("1 day")}


def leases(keeper: Keeper) -> Room:
    """The room, without a place in the navigation."""
    blueprint = Blueprint("leases", __name__)
    _api(blueprint, keeper)
    _pages(blueprint, keeper)
    return Room(blueprint)


def lease_document(lease: Lease) -> dict[str, Any]:
    """One lease for machines."""
    return {
        "name": lease.name,
        "services": list(lease.services),
        "holder": lease.holder,
        "why": lease.why,
        "taken_at": iso(lease.taken_at),
        "until": iso(lease.until),
    }


def _api(blueprint: Blueprint, keeper: Keeper) -> None:
    @blueprint.get("/api/v1/leases")
    def listed() -> Response:
        return jsonify(leases=[lease_document(lease) for lease in keeper.state.leases.values()])

    @blueprint.post("/api/v1/leases")
    def taken() -> tuple[Response, int]:
        body = json_body()
        name, seconds = short_text(body, "name", 64), bounded(body.get("seconds"), "seconds", SHORTEST, LONGEST)
        holder, why = short_text(body, "holder", 100) or OPERATOR, short_text(body, "why", 300)
        known = name in keeper.state.leases
        try:
            lease = take(keeper, name, _services(body), seconds, holder, why)
        except TradeError as error:
            abort(error.status, error.detail)
        return jsonify(lease_document(lease)), 200 if known else 201

    @blueprint.delete("/api/v1/leases/<name>")
    def released(name: str) -> Response:
        lease = _lease(keeper, name)
        who = short_text({**request.args, **json_body()}, "who", 100) or OPERATOR
        _end(keeper, lease, who)
        return jsonify(lease_document(lease))


def _services(body: Any) -> list[str]:
    """The names asked for; [] for all."""
    wanted = body.get("services")
    if wanted == "all":
        return []
    if not isinstance(wanted, list) or not wanted or not all(isinstance(name, str) for name in wanted):
        abort(422, _("services must be “all” or a list of names."))
    return list(dict.fromkeys(wanted))


def _pages(blueprint: Blueprint, keeper: Keeper) -> None:
    @blueprint.get("/leases/begin")
    def ask_begin() -> str:
        return render_template("supervisor/begin_lease.html", services=list(keeper.state.services), lengths=LENGTHS)

    @blueprint.post("/leases/begin")
    def begin() -> AnyResponse:
        form = request.form
        seconds, why = bounded(form.get("seconds"), "seconds", SHORTEST, LONGEST), short_text(form, "why", 300)
        who = short_text(form, "who", 100) or OPERATOR
        name = f"by-hand-{keeper.clock.now():%Y%m%d-%H%M%S}"
        try:
            take(keeper, name, form.getlist("services"), seconds, who, why)
        except TradeError as error:
            flash(error.detail)
            return redirect("/leases/begin", 303)
        return redirect("/", 303)

    @blueprint.get("/leases/<name>/end")
    def confirm_end(name: str) -> str:
        return render_template("supervisor/end_lease.html", lease=_lease(keeper, name))

    @blueprint.post("/leases/<name>/end")
    def end(name: str) -> AnyResponse:
        lease = keeper.state.leases.get(name)
        if lease is None:
            flash(_("That maintenance is over already."))
        else:
            _end(keeper, lease, OPERATOR)
        return redirect("/", 303)


def _lease(keeper: Keeper, name: str) -> Lease:
    lease = keeper.state.leases.get(name)
    if lease is None:
        abort(404, _("There is no maintenance {name} now.", name=repr(name[:64])))
    return lease


def _end(keeper: Keeper, lease: Lease, who: str) -> None:
    if not release(keeper, lease, who):
        abort(503, _("The supervisor is too busy to end it now; try again."))
