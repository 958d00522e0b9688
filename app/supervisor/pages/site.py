"""The pages and open health addresses on 8080."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from flask import (
    Flask,
    Response,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

import app
from app import __version__
from app.core.clock import Clock
from app.core.i18n import _, ngettext
from app.core.logging import get_logger
from app.supervisor.health import health, http_status, readiness
from app.supervisor.journal import SIGN_IN, Wanted, find
from app.supervisor.leases import Keeper as LeaseKeeper
from app.supervisor.pages import formatting, overview
from app.supervisor.pages.charts import SPANS
from app.supervisor.pages.closed_door import closed_door
from app.supervisor.pages.journal import journal
from app.supervisor.pages.leases import leases
from app.supervisor.pages.operating import operating
from app.supervisor.pages.past import Past, span_of
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR, SESSION_LIFETIME, GuessLimit, OperatorSession
from app.supervisor.store import Line, StateFile

SHARED = Path(app.__file__).parent / "web" / "static"  # the family's tokens and fonts, read only
_SHARED_FILES = frozenset({"css/tokens.css", "vendor/inter-latin.woff2", "vendor/inter-latin-ext.woff2"})
_API = "/api/"
_OPEN = frozenset({"static", "shared", "health", "livez", "readyz", "sign_in", "closed_door.page"})
_FOLLOWERS = 20
_FOLLOW_SECONDS = 5.0
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

Noted = Callable[..., None]  # takes a sentence, and whether it is bad news

log = get_logger(__name__)


class Keeper(LeaseKeeper, Protocol):
    """What the pages need of the loop."""

    turn: int

    @property
    def stuck(self) -> bool: ...
    def wait_for_turn(self, after: int, seconds: float) -> int: ...


def create_site(
    keeper: Keeper,
    store: StateFile,
    clock: Clock,
    operator: OperatorSession,
    key: bytes,
    rooms: Sequence[Room] = (),
    past: Past | None = None,
    limit: GuessLimit | None = None,
) -> Flask:
    """The WSGI application. Everything but health and sign-in asks for the operator. `limit` counts who fails to sign in."""
    site = Flask(__name__, template_folder="templates", static_folder="static")
    site.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="tradeai_supervisor",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=16 * 1024,
    )
    rooms = [*rooms, journal(store)]
    site.jinja_env.globals.update(
        _=_, ngettext=ngettext, version=__version__, operator=OPERATOR, rooms=[room for room in rooms if room.label]
    )
    site.context_processor(lambda: {"csrf": session.get("csrf", "")})
    site.jinja_env.filters.update(
        since=lambda moment: formatting.since(moment, clock.now()),
        size=formatting.size,
        percent=formatting.percent,
        seconds=lambda seconds: formatting.span(timedelta(seconds=seconds)),
    )
    past = past or Past(store)
    limit = limit or GuessLimit(clock.now)

    def note(text: str, bad: bool = False) -> None:
        store.note(Line(clock.now(), SIGN_IN, text, bad))

    _guard(site, operator, limit, note)
    _open_addresses(site, keeper, store, clock, past)
    _sign_in(site, operator, limit, note)
    _pages(site, keeper, store, clock, past)
    for room in (operating(keeper, clock), leases(keeper), closed_door(keeper), *rooms):
        site.register_blueprint(room.blueprint)
    return site


def _guard(site: Flask, operator: OperatorSession, limit: GuessLimit, note: Noted) -> None:
    @site.before_request
    def signed_in() -> AnyResponse | tuple[Response, int, dict[str, str]] | None:
        if request.endpoint in _OPEN:
            return None
        if request.path.startswith(_API):
            return _by_password(operator, limit, note)
        if not operator.signed_in:
            return redirect(url_for("sign_in"), 303)
        if request.method != "GET" and not operator.form_is_ours(request.form.get("csrf", "")):
            abort(403, _("This form is out of date. Go back, reload the page and try again."))
        return None

    @site.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @site.errorhandler(HTTPException)
    def wrong(error: HTTPException) -> tuple[str | Response, int]:
        if request.path.startswith(_API):
            return jsonify(title=error.name, detail=error.description, status=error.code), error.code or 500
        return render_template("supervisor/wrong.html", error=error), error.code or 500


def _by_password(operator: OperatorSession, limit: GuessLimit, note: Noted) -> tuple[Response, int, dict[str, str]] | None:
    """None for a request to the API that carries the operator's password, else its refusal."""
    address = request.remote_addr or ""
    if wait := limit.wait(address):
        limit.turned_away(address)
        seconds = max(int(wait.total_seconds()), 1)
        return jsonify(title=_("Too many attempts"), status=429), 429, {"Retry-After": str(seconds)}
    if operator.sends_password:
        return None
    if request.authorization is not None:
        limit.failed(address)
        note(_("A command or program with a wrong name or password came from {address}", address=address), True)
    detail = _("Send the name operator and the value of SUPERVISOR_PASSWORD with HTTP Basic authentication.")
    return jsonify(title=_("Not signed in"), detail=detail, status=401), 401, {"WWW-Authenticate": 'Basic realm="supervisor"'}


def _open_addresses(site: Flask, keeper: Keeper, store: StateFile, clock: Clock, past: Past) -> None:
    @site.get("/health", endpoint="health")
    def show_health() -> tuple[Response, int]:
        document = health(keeper.state, clock.now(), __version__, keeper.stuck)
        return jsonify(document), http_status(document)

    @site.get("/livez")
    def livez() -> tuple[str, int, dict[str, str]]:
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        return ("stuck\n", 503, plain) if keeper.stuck else ("ok\n", 200, plain)

    @site.get("/readyz")
    def readyz() -> tuple[str, int, dict[str, str]]:
        checks = readiness(keeper.state, keeper.stuck, store.trouble, past.trouble)
        lines = [f"[{'-' if wrong else '+'}]{name} {wrong or 'ok'}" for name, wrong in checks.items()]
        ready = not any(checks.values())
        text = "\n".join([*lines, "ready" if ready else "not ready"]) if "verbose" in request.args or not ready else "ok"
        return text + "\n", 200 if ready else 503, {"Content-Type": "text/plain; charset=utf-8"}

    @site.get("/shared/<path:name>")
    def shared(name: str) -> AnyResponse:
        if name not in _SHARED_FILES:
            abort(404)
        return send_from_directory(SHARED, name, max_age=3600)


def _sign_in(site: Flask, operator: OperatorSession, limit: GuessLimit, note: Noted) -> None:
    @site.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> AnyResponse | tuple[str, int, dict[str, str]]:
        if request.method == "GET":
            return (render_template("supervisor/sign_in.html"), 200, {}) if not operator.signed_in else redirect("/", 303)
        address = request.remote_addr or ""
        if wait := limit.wait(address):
            limit.turned_away(address)
            seconds = max(int(wait.total_seconds()), 1)
            message = _("Too many attempts. Try again in {span}.", span=formatting.span(wait))
            return render_template("supervisor/sign_in.html", message=message), 429, {"Retry-After": str(seconds)}
        if not operator.accepts(request.form.get("name", ""), request.form.get("password", "")):
            limit.failed(address)
            log.warning("sign-in to the supervisor's pages failed", address=address)
            note(_("A sign-in with a wrong name or password came from {address}", address=address), True)
            message = _("Name or password is wrong. The password is the value of SUPERVISOR_PASSWORD in .env on the host.")
            return render_template("supervisor/sign_in.html", message=message), 401, {}
        limit.succeeded(address)
        operator.begin()
        log.info("the operator signed in to the supervisor's pages", address=address)
        note(_("The operator signed in from {address}", address=address))
        return redirect("/", 303)

    @site.post("/sign-out")
    def sign_out() -> AnyResponse:
        operator.end()
        note(_("The operator signed out from {address}", address=request.remote_addr or ""))
        return redirect(url_for("sign_in"), 303)


def _pages(site: Flask, keeper: Keeper, store: StateFile, clock: Clock, past: Past) -> None:
    def view() -> dict[str, Any]:
        state, now = keeper.state, clock.now()
        document = health(state, now, __version__, keeper.stuck)
        return {
            "health": document,
            "rows": overview.rows(state, now),
            "docker_away": state.docker.reason if state.docker.answers is False else "",
            "store_trouble": store.trouble,
            "host": overview.host_facts(state.host),
            "journal": store.journal(12),
            "leases": list(state.leases.values()),
            "sparks": past.sparks(list(state.services), now),
            "notices": past.notices(),
            "incidents": past.open_incidents(),
            "now": now,
        }

    @site.get("/")
    def index() -> str:
        part = request.args.get("part") == "state"
        return render_template("supervisor/state.html" if part else "supervisor/overview.html", **view())

    @site.get("/services/<name>")
    def service(name: str) -> str:
        state, now = keeper.state, clock.now()
        kept = next((kept for kept in state.kept if kept.name == name), None)
        if kept is None:
            abort(404, _("There is no service of that name."))
        lines = [line for _number, line in find(store, Wanted(about=name, count=20)).lines]
        span = request.args.get("span", "hour")
        states, share, charts = past.of_service(name, span, now)
        return render_template(
            "supervisor/service.html",
            row=overview.row(kept, state.services[name], now),
            kept=kept,
            service=state.services[name],
            dependants=overview.dependants(state, name),
            journal=lines,
            states=states,
            availability=share,
            charts=charts,
            span=span,
            span_label=span_of(span)[0],
            spans=SPANS,
            has_log="logs" in site.blueprints,
        )

    followers: list[object] = []

    @site.get("/follow")
    def follow() -> Response:
        """A line of server-sent events whenever the page would look different, and every few seconds."""
        if len(followers) >= _FOLLOWERS:
            abort(503, _("Too many pages follow the state; close some."))

        def changes() -> Iterator[str]:
            followers.append(me := object())
            try:
                seen = keeper.turn
                while True:
                    yield f"data: {seen}\n\n"
                    seen = keeper.wait_for_turn(seen, _FOLLOW_SECONDS)
            finally:
                followers.remove(me)

        return Response(changes(), mimetype="text/event-stream")
