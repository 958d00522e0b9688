"""Who is asking: runs before every request, sets `g.principal`, and refuses what needs somebody when nobody is there."""

from typing import Any
from urllib.parse import quote, urlsplit

from apiflask import APIFlask
from flask import Response, g, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.access import cookies, csrf, limits, tokens
from app.access.models import Permission
from app.access.permissions import allowed
from app.access.sessions import liveness
from app.access.sessions import service as sessions
from app.core.errors import Forbidden, Unauthenticated
from app.core.settings import settings

PASSWORD_PAGE = "/settings/password"  # noqa: S105 - an address
ASKED = "tradeai.asked"  # in the WSGI environment: what Redis said of this request before Flask began
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNWATCHED = ("/static/", "/livez", "/health", "/metrics", "/internal/")
_OPEN_PATHS = frozenset(
    {
        "/sign-in",
        "/sign-out",
        "/favicon.ico",
        "/manifest.webmanifest",
        "/service-worker.js",
        "/offline",
        "/robots.txt",
        "/styleguide",
        "/api/docs",
        "/api/v1/openapi.json",
        "/api/v1/auth/token",
        "/api/v1/auth/refresh",
        "/api/v1/auth/sign-out",
        "/api/v1/health",
        "/api/v1/health/db",
        "/api/v1/health/redis",
    }
)
# These act on what is in their body, never on a cookie, so a cookie is not even looked at.
_WITHOUT_COOKIES = frozenset({"/api/v1/auth/token", "/api/v1/auth/refresh"})
_WITH_OLD_PASSWORD = frozenset({PASSWORD_PAGE, "/api/v1/auth/password", "/api/v1/auth/me"}) | _OPEN_PATHS


def install(app: APIFlask) -> None:
    """Check every request of `app`; call right after the request context is installed."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.config.update(
        SESSION_COOKIE_SECURE=settings().secure_cookies, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True
    )
    app.before_request(identify)
    app.after_request(finish)
    app.jinja_env.globals.update(csrf_token=csrf.token, may=may)


def describe(document: dict[str, Any]) -> None:
    """Say in the OpenAPI document that every operation but the open ones takes a Bearer token."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    document["security"] = [{"bearer": []}]
    for path, operations in document.get("paths", {}).items():
        if path in _OPEN_PATHS:
            for operation in operations.values():
                operation["security"] = []


def may(permission: str | Permission) -> bool:
    """For templates: whether the signed-in person has the permission."""
    person = g.get("principal")
    return person is not None and allowed(person, Permission(permission))


def identify() -> Response | None:
    """Set g.principal, g.session_id and g.signed_in_by (`bearer`, `cookie` or None), or refuse."""
    g.principal, g.session_id, g.signed_in_by, g.quota = None, "", None, None
    g.address = request.remote_addr or ""
    if request.path.startswith(_UNWATCHED):
        return None
    claims = _claims()
    answer = request.environ.get(ASKED) or limits.ask(
        claims.principal.user_id if claims else g.address,
        claims.principal.user_id if claims else "",
        claims.session_id if claims else "",
    )
    g.quota = answer.quota
    limits.enforce(answer.quota)
    if claims is not None:
        claims = _still_counts(claims, answer.known)
    if claims is None:
        _nobody()
        return None
    g.principal, g.session_id = claims.principal, claims.session_id
    if g.signed_in_by == "cookie" and request.method not in _SAFE_METHODS:
        csrf.demand()
    if claims.must_change_password and request.path not in _WITH_OLD_PASSWORD:
        return _to_password_page()
    return None


def _claims() -> tokens.Claims | None:
    """What the Bearer token says, else the cookies; an unusable token is remembered in g.refused and counts as nobody."""
    header = request.headers.get("Authorization", "")
    if header:
        token = bearer(header)
        if token is None:
            return None
        g.signed_in_by = "bearer"
        return _read(token)
    if request.path in _WITHOUT_COOKIES:
        return None
    token = cookies.access() or ""
    g.signed_in_by = "cookie"
    return (_read(token) if token else None) or _renewed()


def bearer(header: str) -> str | None:
    """The token in an Authorization header, None when it holds something else."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _read(token: str) -> tokens.Claims | None:
    try:
        return tokens.read(token)
    except Unauthenticated as error:
        g.refused = error
        return None


def _renewed() -> tokens.Claims | None:
    """Exchange the refresh cookie for a new pair within this request; `finish` hands it to the browser."""
    raw = cookies.refresh()
    if not raw:
        return None
    try:
        g.renewed = sessions.refresh(raw)
    except Unauthenticated as error:
        g.refused, g.forget_cookies = error, True
        return None
    return tokens.read(g.renewed.access_token)


def _still_counts(claims: tokens.Claims, known: list[str | None] | None) -> tokens.Claims | None:
    try:
        liveness.check(claims.principal.user_id, claims.token_version, claims.session_id, known)
    except Unauthenticated as error:
        g.refused, g.forget_cookies = error, g.signed_in_by == "cookie"
        return None
    return claims


def _nobody() -> None:
    """Nobody is signed in: only open addresses answer; an address that does not exist answers 404 to everyone."""
    g.signed_in_by = None
    if request.path in _OPEN_PATHS or request.url_rule is None:
        return
    raise g.get("refused") or Unauthenticated("Sign in first: with the page, or with a Bearer token from /api/v1/auth/token.")


def _to_password_page() -> Response:
    if request.path.startswith("/api/") or request.method != "GET":
        raise Forbidden("The password you were given must be changed first: on the page, or with POST /api/v1/auth/password.")
    return redirect(f"{PASSWORD_PAGE}?next={quote(request.full_path.rstrip('?'))}")  # type: ignore[return-value]


def finish(response: Response) -> Response:
    """Cookies that changed, quota headers, and nothing personal in shared caches."""
    if g.get("renewed") is not None and not g.get("forget_cookies"):
        cookies.give(response, g.renewed)
    elif g.get("forget_cookies"):
        cookies.take_back(response)
    if g.get("new_visitor"):
        cookies.give_visitor(response, g.new_visitor)
    limits.add_headers(response, g.get("quota"))
    if g.get("principal") is not None:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(("Cookie", "Authorization"))
    return _for_htmx(response)


def _for_htmx(response: Response) -> Response:
    """A fragment must not be filled with the sign-in page: tell htmx to go there as a whole, and come back to this page."""
    location = response.headers.get("Location", "")
    if (
        request.headers.get("HX-Request")
        and response.status_code == 302
        and urlsplit(location).path in {"/sign-in", PASSWORD_PAGE}
    ):
        here = urlsplit(request.headers.get("HX-Current-URL", "/"))
        back = here.path + (f"?{here.query}" if here.query else "")
        response.status_code = 401 if urlsplit(location).path == "/sign-in" else 403
        response.headers["HX-Redirect"] = f"{urlsplit(location).path}?next={quote(back)}"
        del response.headers["Location"]
    return response
