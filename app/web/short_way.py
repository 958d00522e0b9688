"""The short way: a list that is asked for again is answered before Flask begins (docs/decisions/0180).

A view whose answer is kept leaves here which question of the cache its address is, and what it takes to be told. The next GET of
the same address with a Bearer token is decided by the same functions (token, permission, quota, session, cache) with one Redis
round trip. Whatever is not plain goes the long way, which decides and explains: an unknown address, a cookie, a token, session or
role that is not good for it, a spent quota, an answer that is not kept, a browser that has one, Redis away. What was counted goes
along, so that nothing is counted twice.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from flask import request

from app.access import authentication, limits, tokens
from app.access.models import Permission
from app.access.permissions import allowed
from app.access.sessions import liveness
from app.core.cache import Question
from app.core.errors import Unauthenticated
from app.core.settings import settings
from app.trade.hierarchy.answers import unpack
from app.web import metrics, request_context

_PLACES_MOST = 2000
_NOT_PLAIN = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Place:
    """What one address with its query asks for, and how metrics call it."""

    question: Question
    permission: Permission
    endpoint: str


_places: dict[tuple[str, str], Place] = {}


def remember(question: Question, permission: Permission) -> None:
    """This request's address is `question`, for everyone with `permission`: nothing else may go into its answer."""
    if settings().cache == "off" or request.method != "GET" or "scope" in request.args:  # that one sets a cookie
        return
    if len(_places) >= _PLACES_MOST:
        _places.clear()
    assert request.url_rule is not None
    _places[_address(request.environ)] = Place(question, permission, request.url_rule.rule)


def forget() -> None:
    """Every address is unknown again (for tests)."""
    _places.clear()


def install(app: APIFlask) -> None:
    """Put the short way before all of `app`; call last."""
    app.wsgi_app = ShortWay(app.wsgi_app)  # type: ignore[method-assign]


class ShortWay:
    """WSGI: answers what it can, and leaves the rest to `application`."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        place = _places.get(_address(environ))
        answer = _ask(environ, place) if place is not None and _plain(environ) else None
        if place is None or answer is None or answer.kept is None:
            return self._application(environ, start_response)
        tag, body = unpack(answer.kept)
        start_response("200 OK", _headers(environ, tag, len(body), answer))
        metrics.observe("GET", place.endpoint, 200, time.perf_counter() - started)
        return [body]


def _address(environ: Environ) -> tuple[str, str]:
    return environ["PATH_INFO"], environ.get("QUERY_STRING", "")


def _plain(environ: Environ) -> bool:
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "gzip" in accepted
        and "q=" not in accepted
        and not any(name in environ for name in _NOT_PLAIN)
    )


def _ask(environ: Environ, place: Place) -> limits.Answer | None:
    """What Redis says, if the asker may have what is kept; what was counted is left in `environ`."""
    token = authentication.bearer(environ.get("HTTP_AUTHORIZATION", ""))
    if token is None:
        return None
    try:
        claims = tokens.read(token)
    except Unauthenticated:
        return None
    if claims.must_change_password or not allowed(claims.principal, place.permission):
        return None
    answer = limits.ask(claims.principal.user_id, claims.principal.user_id, claims.session_id, place.question)
    environ[authentication.ASKED] = answer
    if answer.known is None or answer.quota is None or answer.quota.used > answer.quota.limit:
        return None
    return answer if liveness.counts(claims.token_version, claims.session_id, answer.known) else None


def _headers(environ: Environ, tag: str, length: int, answer: limits.Answer) -> list[tuple[str, str]]:
    """As the long way sends them; a test compares."""
    assert answer.quota is not None
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(length)),
        ("Content-Encoding", "gzip"),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding, Cookie, Authorization"),
        ("ETag", f'W/"{tag}"'),
        *limits.headers(answer.quota),
        ("X-Request-ID", request_context.chosen_id(environ.get("HTTP_X_REQUEST_ID", ""))),
    ]
