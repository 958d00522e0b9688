"""The room of the alerts: what is wrong, who looks after it, the rules, the silences, the channels; as pages and as JSON."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import Clock
from app.core.i18n import N_, _
from app.supervisor.alerts.desk import LONGEST_NAME, LONGEST_REASON, LONGEST_SILENCE, SHORTEST_SILENCE, Desk, Refused
from app.supervisor.alerts.outbox import Delivery
from app.supervisor.alerts.signals import stale_measures
from app.supervisor.pages import alert_views as views
from app.supervisor.pages.reading import bounded, json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR
from app.supervisor.state import State

_API = "/api/v1/alerts"
_LONGEST_WAIT = 60.0
_SILENCES = {"15": N_("15 minutes"), "60": N_("1 hour"), "240": N_("4 hours"), "1440": N_("1 day"), "10080": N_("1 week")}

Value = TypeVar("Value")


def alerts(desk: Desk, state: Callable[[], State], clock: Clock) -> Room:
    """The room, under "Alerts"."""
    blueprint = Blueprint("alerts", __name__)
    _api(blueprint, desk)
    _channel_api(blueprint, desk)
    _pages(blueprint, desk, state, clock)
    _forms(blueprint, desk)
    return Room(blueprint, N_("Alerts"), "alerts.index")


def _granted(ask: Callable[[], Value]) -> Value:
    """What `ask` gives; its refusal as an answer of the API."""
    try:
        return ask()
    except Refused as error:
        abort(404 if error.missing else 422, str(error))


def _api(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get(_API)
    def listed() -> Response:
        return jsonify(
            alerts=[views.alert_document(desk, alert) for alert in desk.live()],
            silences=[views.silence_document(silence) for silence in desk.silences],
            channels=list(desk.channels),
            settings_good=not desk.settings.mistakes,
        )

    @blueprint.get(f"{_API}/recent")
    def recent() -> Response:
        count = int(bounded(request.args.get("count", "30"), "count", 1, 500))
        return jsonify(alerts=[views.alert_document(desk, alert) for alert in desk.recent(count)])

    @blueprint.get(f"{_API}/rules")
    def all_rules() -> Response:
        return jsonify(rules=views.rule_documents(desk))

    @blueprint.post(f"{_API}/<alert_id>/acknowledge")
    def acknowledged(alert_id: str) -> Response:
        body = json_body()
        who, reason = short_text(body, "who", LONGEST_NAME), short_text(body, "reason", LONGEST_REASON)
        changes = _granted(lambda: desk.acknowledge(alert_id, who, reason))
        return jsonify(acknowledged=[change.alert_id for change in changes], who=who)

    @blueprint.get(f"{_API}/silences")
    def silences() -> Response:
        return jsonify(silences=[views.silence_document(silence) for silence in desk.silences])

    @blueprint.post(f"{_API}/silences")
    def silenced() -> tuple[Response, int]:
        body = json_body()
        least, most = SHORTEST_SILENCE.total_seconds(), LONGEST_SILENCE.total_seconds()
        length = timedelta(seconds=bounded(body.get("seconds"), "seconds", least, most))
        rule, subject = short_text(body, "rule", 60), short_text(body, "subject", 100)
        who, why = short_text(body, "who", LONGEST_NAME), short_text(body, "why", LONGEST_REASON)
        made = _granted(lambda: desk.silence(rule, subject, length, who, why))
        return jsonify(views.silence_document(made)), 201

    @blueprint.delete(f"{_API}/silences/<silence_id>")
    def unsilenced(silence_id: str) -> Response:
        who = short_text({**request.args, **json_body()}, "who", LONGEST_NAME) or OPERATOR
        return jsonify(views.silence_document(_granted(lambda: desk.unsilence(silence_id, who))))


def _channel_api(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get(f"{_API}/channels")
    def all_channels() -> Response:
        failed = desk.outbox.deliveries("state = 'failed'", count=20)
        return jsonify(
            channels=views.channel_documents(desk),
            waiting=desk.outbox.waiting(),
            failed=[views.delivery_document(delivery) for delivery in failed],
        )

    @blueprint.get(f"{_API}/messages")
    def messages() -> Response:
        count = int(bounded(request.args.get("count", "50"), "count", 1, 500))
        return jsonify(messages=[views.delivery_document(delivery) for delivery in desk.outbox.deliveries(count=count)])

    @blueprint.post(f"{_API}/messages/<message_id>/retry")
    def retried(message_id: str) -> Response:
        if not desk.outbox.try_again(message_id):
            abort(404, _("There is no such message that failed."))
        return jsonify(id=message_id, state="waiting")

    @blueprint.post(f"{_API}/channels/<name>/test")
    def tested(name: str) -> tuple[Response, int]:
        body = json_body()
        wait = bounded(request.args.get("wait", "20"), "wait", 0, _LONGEST_WAIT)
        message_id = _granted(lambda: desk.test(name, short_text(body, "who", LONGEST_NAME) or OPERATOR))
        delivery = desk.outbox.wait_for(message_id, wait)
        document = views.delivery_document(delivery) if delivery else {"id": message_id, "state": "waiting", "error": ""}
        return jsonify({**document, "detail": _outcome(name, delivery)}), 200 if delivery and delivery.done_at else 202

    @blueprint.get(f"{_API}/settings")
    def settings() -> Response:
        return jsonify(views.settings_document(desk))

    @blueprint.post(f"{_API}/settings/reload")
    def reloaded() -> Response:
        desk.reload(short_text(json_body(), "who", LONGEST_NAME) or OPERATOR)
        return jsonify(views.settings_document(desk))


def _outcome(name: str, delivery: Delivery | None) -> str:
    match delivery.state if delivery else "waiting":
        case "sent":
            return _("The test was taken by {channel}. Look whether it arrived.", channel=name)
        case "failed":
            return _("The test did not get through on {channel}: {error}", channel=name, error=delivery.error if delivery else "")
        case _:
            return _("The test is on its way on {channel}; see the page of channels.", channel=name)


def _pages(blueprint: Blueprint, desk: Desk, state: Callable[[], State], clock: Clock) -> None:
    @blueprint.get("/alerts")
    def index() -> str:
        part = request.args.get("part") == "state"
        live = [(alert, views.alert_document(desk, alert)) for alert in desk.live()]
        return render_template(
            "supervisor/alerts_now.html" if part else "supervisor/alerts.html",
            live=[(alert, document) for alert, document in live if not document["quiet"] and alert.live],
            quiet=[(alert, document) for alert, document in live if document["quiet"] or not alert.live],
            recent=[(alert, desk.title(alert)) for alert in desk.recent(20)],
            silences=desk.silences,
            stages=views.STAGES,
            channels=desk.channels,
            settings=views.settings_document(desk),
            failed=desk.outbox.deliveries("state = 'failed'", count=5),
        )

    @blueprint.get("/alerts/rules")
    def rules() -> str:
        stale = stale_measures(state(), clock.now())
        return render_template("supervisor/alert_rules.html", rules=views.rule_documents(desk), stale=stale)

    @blueprint.get("/alerts/channels")
    def channels() -> str:
        return render_template(
            "supervisor/alert_channels.html",
            channels=views.channel_documents(desk),
            settings=views.settings_document(desk),
            messages=desk.outbox.deliveries(count=30),
            waiting=desk.outbox.waiting(),
        )

    @blueprint.get("/alerts/<alert_id>")
    def alert(alert_id: str) -> str:
        try:
            found = desk.known(alert_id)
        except Refused as error:
            abort(404, str(error))
        document = views.alert_document(desk, found)
        told = desk.outbox.deliveries("grp = ?", (found.group,), 20) if found.group else []
        return render_template(
            "supervisor/alert.html",
            alert=found,
            document=document,
            stages=views.STAGES,
            told=told,
            silences=_SILENCES,
            over_by=views.over_by(found),
        )


def _forms(blueprint: Blueprint, desk: Desk) -> None:
    def answer(ask: Callable[[], Any], done: str, endpoint: str, **values: Any) -> AnyResponse:
        try:
            ask()
            flash(done)
        except Refused as error:
            flash(str(error))
        return redirect(url_for(endpoint, **values), 303)

    def field(name: str, longest: int) -> str:
        return short_text(request.form, name, longest)

    @blueprint.post("/alerts/<alert_id>/acknowledge")
    def acknowledge(alert_id: str) -> AnyResponse:
        who, reason = field("who", LONGEST_NAME), field("reason", LONGEST_REASON)
        done = _("Acknowledged. It ends by itself when the cause is gone.")
        return answer(lambda: desk.acknowledge(alert_id, who, reason), done, "alerts.alert", alert_id=alert_id)

    @blueprint.post("/alerts/silences")
    def silence() -> AnyResponse:
        minutes = field("minutes", 10)
        length = timedelta(minutes=int(minutes)) if minutes in _SILENCES else timedelta()
        rule, subject = field("rule", 60), field("subject", 100)
        who, why = field("who", LONGEST_NAME), field("why", LONGEST_REASON)
        return answer(lambda: desk.silence(rule, subject, length, who, why), _("Silenced."), "alerts.index")

    @blueprint.post("/alerts/silences/<silence_id>/end")
    def unsilence(silence_id: str) -> AnyResponse:
        return answer(lambda: desk.unsilence(silence_id, OPERATOR), _("The silence is over."), "alerts.index")

    @blueprint.post("/alerts/channels/<name>/test")
    def test(name: str) -> AnyResponse:
        try:
            delivery = desk.outbox.wait_for(desk.test(name, OPERATOR), 15)
            flash(_outcome(name, delivery))
        except Refused as error:
            flash(str(error))
        return redirect(url_for("alerts.channels"), 303)

    @blueprint.post("/alerts/messages/<message_id>/retry")
    def retry(message_id: str) -> AnyResponse:
        known = desk.outbox.try_again(message_id)
        flash(_("It is tried again.") if known else _("There is no such message that failed."))
        return redirect(url_for("alerts.channels"), 303)

    @blueprint.post("/alerts/settings/reload")
    def reload() -> AnyResponse:
        good = desk.reload(OPERATOR)
        flash(_("The settings are in force.") if good else _("The file has mistakes; the former settings stay in force."))
        return redirect(url_for("alerts.channels"), 303)
