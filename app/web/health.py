"""Health of the backend and of what it needs; open to everyone, tells nothing secret."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, make_response
from pydantic import BaseModel
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app import __version__
from app.core.mongo import database
from app.core.redis import client

blueprint = APIBlueprint("health", __name__, tag="Health")

_PATIENCE = 1.5  # seconds: who asks gives up after two, and must hear by then what is down
_TITLES = {"database": "MongoDB", "redis": "Redis"}
_PINGS: dict[str, Callable[[], object]] = {
    "database": lambda: database().command("ping"),
    "redis": lambda: client().ping(),
}
_hands = ThreadPoolExecutor(len(_PINGS), thread_name_prefix="health")
_under_way: dict[str, "Future[float]"] = {}
_one_at_a_time = threading.Lock()


class Check(BaseModel):
    """One thing the backend needs; `milliseconds` is its round trip."""

    status: str
    milliseconds: float | None = None
    detail: str | None = None


class Report(BaseModel):
    """The backend with its dependencies; `down` names those that do not answer."""

    status: str
    service: str
    version: str
    checks: dict[str, Check]
    down: list[str] | None = None


@blueprint.get("/livez")
@blueprint.doc(hide=True)
def livez() -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/health")
@blueprint.doc(hide=True)
def health() -> Response:
    """The backend with its dependencies: 200 when it can serve, 503 naming what is down."""
    return _report()


@blueprint.get("/api/v1/health")
@blueprint.output(Report)
@blueprint.doc(summary="Health of the API", responses=[503])
def api_health() -> Response:
    """200 when database and Redis answer, 503 naming what does not."""
    return _report()


@blueprint.get("/api/v1/health/db")
@blueprint.output(Check)
@blueprint.doc(summary="Health of the database", responses=[503])
def database_health() -> Response:
    """Round trip to the database in milliseconds."""
    return _one("database")


@blueprint.get("/api/v1/health/redis")
@blueprint.output(Check)
@blueprint.doc(summary="Health of Redis", responses=[503])
def redis_health() -> Response:
    """Round trip to Redis in milliseconds."""
    return _one("redis")


def _report() -> Response:
    checks = _checks("database", "redis")
    down = [name for name, check in checks.items() if check["status"] != "ok"]
    body: dict[str, Any] = {
        "status": "ok" if not down else "down",
        "service": "backend",
        "version": __version__,
        "checks": checks,
    }
    if down:
        body["down"] = down
    return make_response(jsonify(body), 503 if down else 200)


def _one(name: str) -> Response:
    check = _checks(name)[name]
    return make_response(jsonify(check), 200 if check["status"] == "ok" else 503)


def _checks(*names: str) -> dict[str, dict[str, Any]]:
    """All of `names`, asked at the same time and waited for together."""
    deadline = time.monotonic() + _PATIENCE
    asked = {name: _ask(name) for name in names}
    return {name: _outcome(name, asking, deadline) for name, asking in asked.items()}


def _ask(name: str) -> "Future[float]":
    """The question under way, or a new one: packets that vanish keep a connection waiting for minutes."""
    with _one_at_a_time:
        asking = _under_way.get(name)
        if asking is None or asking.done():
            asking = _under_way[name] = _hands.submit(_round_trip, _PINGS[name])
        return asking


def _outcome(name: str, asking: "Future[float]", deadline: float) -> dict[str, Any]:
    title = _TITLES[name]
    try:
        return {"status": "ok", "milliseconds": asking.result(max(deadline - time.monotonic(), 0))}
    except TimeoutError:
        return {"status": "down", "detail": f"{title} gave no answer within {_PATIENCE:g} s"}
    except (PyMongoError, RedisError) as error:
        return {"status": "down", "detail": f"{title} does not answer: {type(error).__name__}"}


def _round_trip(ping: Callable[[], object]) -> float:
    started = time.perf_counter()
    ping()
    return round((time.perf_counter() - started) * 1000, 2)
