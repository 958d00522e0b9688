"""The short way: a list that is asked for again is answered before Flask begins (docs/decisions/0180).

A view whose answer is kept leaves here which question of the cache its address is, how the answer is loaded, and what it takes to
be told. The next GET of the same address with a Bearer token is decided by the same functions (token, permission, quota, session,
cache) with one Redis round trip; an answer that a write made unknown is loaded here too, once for all who wait. Whatever is not
plain goes the long way, which decides and explains: an unknown address, a cookie, a token, session or role that is not good for
it, a spent quota, a load that fails, a browser that has the answer, Redis away. What was counted goes along, so that nothing is
counted twice.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from flask import request
from pymongo.errors import PyMongoError

from app.access import authentication, limits, tokens
from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.sessions import liveness
from app.core.cache import Question, load_once
from app.core.errors import TradeError, Unauthenticated
from app.core.settings import settings
from app.trade.hierarchy.answers import unpack
from app.web import metrics, request_context

_PLACES_MOST = 2000
_NOT_PLAIN = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Place:
    """What one address with its query asks for, how that is loaded, and how metrics call it."""

    question: Question
    load: Callable[[Principal], bytes]
    permission: Permission
    endpoint: str


_places: dict[tuple[str, str], Place] = {}


def remember(question: Question, load: Callable[[Principal], bytes], permission: Permission) -> None:
    """This request's address is `question`, for everyone with `permission`: nothing else may go into the packed answer."""
    if settings().cache == "off" or request.method != "GET" or "scope" in request.args:  # that one sets a cookie
        return
    if len(_places) >= _PLACES_MOST:
        _places.clear()
    assert request.url_rule is not None
    _places[_address(request.environ)] = Place(question, load, permission, request.url_rule.rule)


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
        told = _tell(environ, place) if place is not None and _plain(environ) else None
        if place is None or told is None:
            return self._application(environ, start_response)
        packed, quota = told
        tag, body = unpack(packed)
        start_response("200 OK", _headers(environ, tag, len(body), quota))
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


def _tell(environ: Environ, place: Place) -> tuple[bytes, limits.Quota] | None:
    """The packed answer with the asker's quota, if they may have it; what was counted is left in `environ`."""
    token = authentication.bearer(environ.get("HTTP_AUTHORIZATION", ""))
    if token is None:
        return None
    try:
        claims = tokens.read(token)
    except Unauthenticated:
        return None
    if claims.must_change_password or not allowed(claims.principal, place.permission):
        return None
    asked = time.time()
    answer = limits.ask(claims.principal.user_id, claims.principal.user_id, claims.session_id, place.question)
    environ[authentication.ASKED] = answer
    if answer.known is None or answer.quota is None or answer.quota.used > answer.quota.limit or answer.place is None:
        return None
    if not liveness.counts(claims.token_version, claims.session_id, answer.known):
        return None
    if answer.kept is not None:
        return answer.kept, answer.quota
    try:
        return load_once(answer.place, asked, lambda: place.load(claims.principal)), answer.quota
    except (TradeError, PyMongoError):
        _places.pop(_address(environ), None)  # until the long way has an answer again
        return None


def _headers(environ: Environ, tag: str, length: int, quota: limits.Quota) -> list[tuple[str, str]]:
    """As the long way sends them; a test compares."""
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(length)),
        ("Content-Encoding", "gzip"),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding, Cookie, Authorization"),
        ("ETag", f'W/"{tag}"'),
        *limits.headers(quota),
        ("X-Request-ID", request_context.chosen_id(environ.get("HTTP_X_REQUEST_ID", ""))),
    ]
