"""Start, stop, restart, release: the JSON API, and the pages that ask once more before they do it."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import Clock
from app.core.errors import TradeError
from app.core.i18n import N_, _
from app.supervisor.decide.outcome import Outcome, outcome
from app.supervisor.events import Ask, Asked
from app.supervisor.health import service_document
from app.supervisor.leases import LONGEST, SHORTEST, Keeper
from app.supervisor.pages import overview
from app.supervisor.pages.leases import LENGTHS
from app.supervisor.pages.reading import bounded, json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR
from app.supervisor.services import Kept
from app.supervisor.state import Phase, State
from app.supervisor.wishes import pass_on, stop_of

_LONGEST_WAIT = 300
_SAID = {
    Ask.START: (N_("{service} runs and answers."), N_("{service} was told to start.")),
    Ask.STOP: (N_("{service} is stopped."), N_("{service} was told to stop.")),
    Ask.RESTART: (N_("{service} was restarted and answers."), N_("{service} was told to restart.")),
    Ask.RELEASE: (N_("{service} is out of quarantine and answers."), N_("{service} was released from quarantine.")),
}


def operating(keeper: Keeper, clock: Clock) -> Room:
    """The room, without a place in the navigation."""
    blueprint = Blueprint("operating", __name__)
    _api(blueprint, keeper, clock)
    _pages(blueprint, keeper, clock)
    return Room(blueprint)


def _api(blueprint: Blueprint, keeper: Keeper, clock: Clock) -> None:
    @blueprint.get("/api/v1/services")
    def services() -> Response:
        state = keeper.state
        return jsonify(services=[_document(state, kept, clock.now()) for kept in state.kept])

    @blueprint.get("/api/v1/services/<name>")
    def service(name: str) -> Response:
        return jsonify(_document(keeper.state, _kept(keeper.state, name), clock.now()))

    @blueprint.post("/api/v1/services/<name>/<ask>")
    def act(name: str, ask: str) -> tuple[Response, int]:
        kept = _kept(keeper.state, name)
        wish = _wish(ask)
        wait = bounded(request.args.get("wait", "0"), "wait", 0, _LONGEST_WAIT)
        body = json_body()
        who, reason = short_text(body, "who", 100) or OPERATOR, short_text(body, "reason", 300)
        asked = Asked(name, wish, who, reason, short_text(body, "lease", 64))
        length = bounded(body["seconds"], "seconds", SHORTEST, LONGEST) if body.get("seconds") is not None else None
        since = clock.now()
        try:
            refused = pass_on(keeper, asked, length)
        except TradeError as error:
            abort(error.status, error.detail)
        if refused is not None:
            abort(409, refused)
        keeper.wait_for_state(lambda state: outcome(state, name, wish, since) is not Outcome.PENDING, wait)
        return _answer(keeper.state, kept, wish, since, clock.now())


def _answer(state: State, kept: Kept, wish: Ask, since: datetime, now: datetime) -> tuple[Response, int]:
    """The outcome in words: 200 done, 202 under way, 502 when it did not come about."""
    became = outcome(state, kept.name, wish, since)
    done, under_way = _SAID[wish]
    reason = str(state.services[kept.name].reason)
    detail = _(done if became is Outcome.DONE else under_way, service=kept.name)
    if became is Outcome.FAILED:
        detail += " " + _("It did not help: {reason}", reason=reason or state.services[kept.name].refusal)
    elif became is Outcome.PENDING and state.services[kept.name].asked_at is not None and reason:
        detail += " " + _("So far: {reason}", reason=reason)
    document = {"service": kept.name, "action": wish.value, "outcome": became.value, "detail": detail}
    code = {Outcome.DONE: 200, Outcome.PENDING: 202, Outcome.FAILED: 502}[became]
    return jsonify({**document, "now": _document(state, kept, now)}), code


def _pages(blueprint: Blueprint, keeper: Keeper, clock: Clock) -> None:
    @blueprint.get("/services/<name>/<ask>")
    def confirm(name: str, ask: str) -> str:
        kept, wish = _kept(keeper.state, name), _wish(ask)
        return render_template(
            "supervisor/confirm.html",
            wish=wish.value,
            kept=kept,
            row=overview.row(kept, keeper.state.services[name], clock.now()),
            dependants=overview.dependants(keeper.state, name),
            own_stop=stop_of(keeper.state, name),
            lengths=LENGTHS,
        )

    @blueprint.post("/services/<name>/<ask>")
    def act_from_page(name: str, ask: str) -> AnyResponse:
        wish = _wish(ask)
        _kept(keeper.state, name)
        reason, length = short_text(request.form, "reason", 300), request.form.get("seconds") or None
        seconds = bounded(length, "seconds", SHORTEST, LONGEST) if length else None
        try:
            refused = pass_on(keeper, Asked(name, wish, OPERATOR, reason), seconds)
        except TradeError as error:
            refused = error.detail
        if refused is not None:
            flash(refused)
        return redirect(url_for("service", name=name), 303)


def _kept(state: State, name: str) -> Kept:
    kept = next((kept for kept in state.kept if kept.name == name), None)
    if kept is None:
        names = ", ".join(kept.name for kept in state.kept)
        abort(404, _("There is no service {name}. There are: {names}", name=repr(name[:40]), names=names))
    return kept


def _wish(ask: str) -> Ask:
    if ask not in set(Ask):
        abort(404, _("There is no action {name}. There are: {names}", name=repr(ask[:40]), names=", ".join(Ask)))
    return Ask(ask)


def _document(state: State, kept: Kept, now: datetime) -> dict[str, Any]:
    """One service for machines."""
    service = state.services[kept.name]
    usage = service.usage if service.running else None
    lease = state.lease_over(kept.name)
    return {
        "name": kept.name,
        **service_document(service, kept.stage),
        "core": kept.core,
        "depends_on": list(kept.depends_on),
        "needed_by": overview.dependants(state, kept.name),
        "running": service.running,
        "container": service.container.id[:12] if service.container else None,
        "quarantined": service.phase is Phase.QUARANTINED,
        "under_way": service.acting.purpose.value if service.acting else None,
        "seconds_in_state": round((now - service.since).total_seconds()) if service.since else None,
        "cpu": round(usage.cpu, 4) if usage else None,
        "memory_bytes": usage.memory if usage else None,
        "lease": lease.name if lease else None,
    }
