"""Every request carries an id from nginx to the database call and into each log line.

The access log has a line for each request; here only those that a person should see among the others: refused, failed, slow.
"""

import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from app.core.logging import get_logger

_SAFE_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_QUIET = ("/livez", "/health", "/static/", "/metrics")
_SLOW_MILLISECONDS = 1000.0

log = get_logger("request")


def request_id() -> str:
    """The id of the request being served."""
    return str(g.get("request_id", ""))


def chosen_id(offered: str) -> str:
    """The id that came with the request if it can be logged as it is, else a new one."""
    return offered if _SAFE_ID.match(offered) else uuid4().hex


class _Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for messages to the next page; whoever brings none pays nothing for it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ or self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def install(app: Flask) -> None:
    """Bind the id before each request, log and return it after."""
    app.session_interface = _Sessions()

    @app.before_request
    def begin() -> None:
        g.request_id = chosen_id(request.headers.get("X-Request-ID", ""))
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = request_id()
        milliseconds = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
        notable = response.status_code >= 400 or milliseconds >= _SLOW_MILLISECONDS
        if notable and not request.path.startswith(_QUIET):
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round(milliseconds, 1),
            )
        return response
