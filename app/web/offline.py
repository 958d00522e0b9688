"""Pages while the appliance cannot be reached: the service worker with its list of the shell, and which pages it may keep.

A page may be kept only when this module says so, with a header that names the sign-in it belongs to; see docs/decisions/0211.
"""

import hashlib
import hmac
import json

from apiflask import APIBlueprint
from flask import Response, g, render_template, request

from app import __version__
from app.access import keys
from app.core.settings import settings
from app.web.assets import SHEETS, STATIC_DIR, static_url

blueprint = APIBlueprint("offline", __name__, enable_openapi=False)
OWNER = "X-Offline-Owner"
COOKIE = "offline"
_NEVER = ("/settings/", "/sign-in", "/sign-out", "/api/", "/styleguide", "/offline")
_SCRIPTS = ("app", "bell", "forms", "frame", "live", "offline", "palette", "panel", "pick", "table", "ws")
_ICONS = ("icons/icon.svg", "icons/icon-32.png")


@blueprint.get("/service-worker.js")
def worker() -> Response:
    """The script with what it must know; asked for again by browsers on every visit, so a new version arrives by itself."""
    script = f"const SETTINGS = {json.dumps(_settings())};\n{(STATIC_DIR / 'js' / 'service-worker.js').read_text()}"
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@blueprint.get("/offline")
def offline() -> str:
    """What is shown for a page that was not kept. Nothing on it belongs to anybody: it is part of the shell."""
    return render_template("offline.html")


@blueprint.app_context_processor
def for_the_switch() -> dict[str, bool]:
    """Whether this browser keeps pages, as the person menu shows it."""
    return {"keeps_offline": _wanted()}


@blueprint.after_app_request
def mark(response: Response) -> Response:
    """Name the sign-in that this page may be kept for."""
    if _may_be_kept(response):
        response.headers[OWNER] = owner(g.session_id)
    return response


def owner(session_id: str) -> str:
    """A name for a sign-in that says nothing about it: whoever signs in again, or somebody else, has another."""
    return hmac.digest(keys.derived("offline"), session_id.encode(), hashlib.sha256).hex()[:20]


def _may_be_kept(response: Response) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and response.mimetype == "text/html"
        and "Content-Disposition" not in response.headers
        and g.get("signed_in_by") == "cookie"
        and bool(g.get("session_id"))
        and "X-Panel" not in request.headers
        and "HX-Request" not in request.headers
        and not request.path.startswith(_NEVER)
        and _wanted()
    )


def _wanted() -> bool:
    return request.cookies.get(COOKIE) != "off"


def _settings() -> dict[str, object]:
    listed = shell()
    version = hashlib.sha256("\n".join((__version__, *listed)).encode()).hexdigest()[:12]
    return {"version": version, "shell": listed, "locale": settings().locale.replace("_", "-"), "timezone": settings().timezone}


def shell() -> list[str]:
    """The addresses of what every page is drawn with, each with the version of its content."""
    return [
        *(static_url(f"css/{sheet}.css") for sheet in SHEETS),
        static_url("css/print.css"),
        *(static_url(f"js/{script}.js") for script in _SCRIPTS),
        static_url("vendor/htmx.min.js"),
        *(static_url(icon) for icon in _ICONS),
        static_url("manifest.webmanifest"),
        "/static/vendor/inter-latin.woff2",
    ]
