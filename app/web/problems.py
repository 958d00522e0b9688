"""Errors as people and programs should meet them: a page for pages, RFC 9457 problem details for the API."""

from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, g, json, make_response, redirect, render_template, request
from pymongo.errors import ConnectionFailure, ServerSelectionTimeoutError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

from app.access.security import refused
from app.core.errors import (
    BadRequest,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooManyRequests,
    TradeError,
    Unauthenticated,
    Unavailable,
)
from app.core.logging import get_logger
from app.web.request_context import request_id

log = get_logger(__name__)


def install(app: APIFlask) -> None:
    """Register one handler per family of errors."""
    app.register_error_handler(TradeError, answer)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _unexpected)
    for kind in (ConnectionFailure, ServerSelectionTimeoutError, RedisConnectionError, RedisTimeoutError):
        app.register_error_handler(kind, _storage_away)
    app.error_callback = _from_apiflask


def answer(error: TradeError) -> Response:
    """The error as problem details for the API, as a page for a person."""
    if isinstance(error, Forbidden) and error.permission and (person := g.get("principal")) is not None:
        refused(error, person.user_id, request.remote_addr or "", request.url_rule.rule if request.url_rule else "")
    if _wants_json():
        response = make_response(json.dumps(error.problem(request_id())), error.status)
        response.content_type = "application/problem+json"
    elif isinstance(error, Unauthenticated) and request.method == "GET":
        return make_response(redirect(f"/sign-in?next={request.path}"))
    else:
        response = make_response(render_template("error.html", error=error, request_id=request_id()), error.status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated) and _wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _wants_json() -> bool:
    return request.path.startswith("/api/") and request.path != "/api/docs"


def _from_http(error: HTTPException) -> Response:
    known: dict[int, type[TradeError]] = {400: BadRequest, 404: NotFound, 413: TooLarge, 429: TooManyRequests}
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    mapped = known.get(status, TradeError)(_sentence(status, error.description))
    mapped.status = status
    if status not in known:
        mapped.title, mapped.kind = error.name, error.name.lower().replace(" ", "-")
    response = answer(mapped)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _sentence(status: int, description: str | None) -> str:
    own = {
        404: "There is nothing at this address. Check the link, or start from the home page.",
        413: "The upload is larger than the limit of 50 MB. Split the file and upload the parts.",
    }
    return own.get(status, description or "")


def _from_apiflask(error: HTTPError) -> Any:
    """APIFlask's own errors: validation of input, wrong media type."""
    fields = [FieldError(name, message) for name, message in _flatten(error.detail)]
    if error.status_code == 422:
        return answer(Invalid("The request does not fit the schema; the errors name each field.", fields))
    mapped = TradeError(error.message or "", fields)
    mapped.status, mapped.title = error.status_code, error.message or "The request was refused"
    mapped.kind = "http"
    return answer(mapped)


def _flatten(detail: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        return [pair for key, value in detail.items() for pair in _flatten(value, f"{path}.{key}" if path else str(key))]
    if isinstance(detail, list):
        return [pair for value in detail for pair in _flatten(value, path)]
    return [(path, str(detail))]


def _storage_away(error: Exception) -> Response:
    log.error("storage does not answer", error=str(error))
    return answer(Unavailable("The database or cache does not answer right now. It is being restarted; try again in a minute."))


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", error=str(error))
    return answer(TradeError("Nothing you did. The error is recorded under the request id below; tell it to your operator."))
