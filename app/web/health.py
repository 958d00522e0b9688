"""Health of the backend and of what it needs; open to everyone, tells nothing secret."""

import time
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
    return _one(_database())


@blueprint.get("/api/v1/health/redis")
@blueprint.output(Check)
@blueprint.doc(summary="Health of Redis", responses=[503])
def redis_health() -> Response:
    """Round trip to Redis in milliseconds."""
    return _one(_redis())


def _report() -> Response:
    checks = {"database": _database(), "redis": _redis()}
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


def _one(check: dict[str, Any]) -> Response:
    return make_response(jsonify(check), 200 if check["status"] == "ok" else 503)


def _database() -> dict[str, Any]:
    started = time.perf_counter()
    try:
        database().command("ping")
    except PyMongoError as error:
        return {"status": "down", "detail": f"MongoDB does not answer: {type(error).__name__}"}
    return {"status": "ok", "milliseconds": _since(started)}


def _redis() -> dict[str, Any]:
    started = time.perf_counter()
    try:
        client().ping()
    except RedisError as error:
        return {"status": "down", "detail": f"Redis does not answer: {type(error).__name__}"}
    return {"status": "ok", "milliseconds": _since(started)}


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
