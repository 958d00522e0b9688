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
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
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


@dataclass(frozen=True)
class Reply:
    """An answer with 200: the endpoint for metrics, headers, and the compressed body."""

    endpoint: str
    headers: list[tuple[str, str]]
    body: bytes


_places: dict[tuple[str, str], Place] = {}
_NOTHING: tuple[Any, Any] = (None, None)
# ((address, authorization), what Redis said) of a request that was asked about before the WSGI server read it.
_handed: ContextVar[tuple[Any, Any]] = ContextVar("handed on", default=_NOTHING)


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
        address, authorization = _address(environ), environ.get("HTTP_AUTHORIZATION", "")
        handed, answer = _handed.get()
        _handed.set(_NOTHING)
        if handed == (address, authorization):
            environ[authentication.ASKED] = answer
            return self._application(environ, start_response)
        if address not in _places or not _plain(environ):
            return self._application(environ, start_response)
        answer, reply = tell(address, authorization, environ.get("HTTP_X_REQUEST_ID", ""))
        if answer is not None:
            environ[authentication.ASKED] = answer
        if reply is None:
            return self._application(environ, start_response)
        start_response("200 OK", reply.headers)
        metrics.observe("GET", reply.endpoint, 200, time.perf_counter() - started)
        return [reply.body]


def knows(address: tuple[str, str]) -> bool:
    """Whether (path, query) may be answered here."""
    return address in _places


def hand_on(address: tuple[str, str], authorization: str, counted: limits.Answer | None) -> None:
    """What `tell` counted of a request that the same greenlet brings to Flask next."""
    _handed.set(_NOTHING if counted is None else ((address, authorization), counted))


def _address(environ: Environ) -> tuple[str, str]:
    return environ["PATH_INFO"], environ.get("QUERY_STRING", "")


def _plain(environ: Environ) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        and not any(name in environ for name in _NOT_PLAIN)
    )


def takes_gzip(accepted: str) -> bool:
    """Whether the packed answer may be sent as it is; weights are left to the long way."""
    return "gzip" in accepted and "q=" not in accepted


def tell(address: tuple[str, str], authorization: str, request_id: str) -> tuple[limits.Answer | None, Reply | None]:
    """(what was counted, the answer if the asker may have it) for a known address."""
    place = _places[address]
    token = authentication.bearer(authorization)
    if token is None:
        return None, None
    try:
        claims = tokens.read(token)
    except Unauthenticated:
        return None, None
    if claims.must_change_password or not allowed(claims.principal, place.permission):
        return None, None
    asked = time.time()
    answer = limits.ask(claims.principal.user_id, claims.principal.user_id, claims.session_id, place.question)
    if answer.known is None or answer.quota is None or answer.quota.used > answer.quota.limit or answer.place is None:
        return answer, None
    if not liveness.counts(claims.token_version, claims.session_id, answer.known):
        return answer, None
    request_id = request_context.chosen_id(request_id)
    packed = answer.kept if answer.kept is not None else _load(address, claims.principal, answer.place, asked, request_id)
    return answer, None if packed is None else Reply(place.endpoint, *_reply(packed, answer.quota, request_id))


def _load(address: tuple[str, str], who: Principal, entry: bytes, asked: float, request_id: str) -> bytes | None:
    place = _places[address]
    structlog.contextvars.bind_contextvars(request_id=request_id)  # for what is logged meanwhile
    try:
        return load_once(entry, asked, lambda: place.load(who))
    except (TradeError, PyMongoError):
        _places.pop(address, None)  # until the long way has an answer again
        return None
    finally:
        structlog.contextvars.clear_contextvars()


def _reply(packed: bytes, quota: limits.Quota, request_id: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers as the long way sends them (a test compares), and the body."""
    tag, body = unpack(packed)
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Content-Encoding", "gzip"),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding, Cookie, Authorization"),
        ("ETag", f'W/"{tag}"'),
        *limits.headers(quota),
        ("X-Request-ID", request_id),
    ], body
