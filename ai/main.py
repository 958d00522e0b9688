"""The AI service's Flask app: `gunicorn 'ai.main:create_app()'`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import structlog
from flask import Flask, Response, g, json, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pymongo.database import Database
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ai import (
    anomalies_api,
    api,
    drift_api,
    elasticity_api,
    forecast_api,
    optimise_api,
    recommend_api,
    response_api,
    retrospect_api,
    segments_api,
    simulate_api,
)
from ai.data.connection import connect
from ai.data.panel import PanelTooLarge
from ai.exchange import Parts, blueprint
from ai.logs import configure_logging
from ai.metrics import Metrics
from ai.openapi import document
from ai.problems import Invalid, Problem, TooLarge, Unavailable
from ai.registry.jobs import TrainingJobs
from ai.registry.manifest import Registry
from ai.requests import observe, request_id_of
from ai.schemas import Health
from ai.serving import Serving
from ai.settings import Settings, read_settings

log = structlog.get_logger(__name__)
ENDPOINTS = (
    api,
    anomalies_api,
    forecast_api,
    elasticity_api,
    response_api,
    simulate_api,
    optimise_api,
    recommend_api,
    drift_api,
    retrospect_api,
    segments_api,
)  # importing them adds their routes to the blueprint


def create_app(settings: Settings | None = None, database: Database[dict[str, Any]] | None = None) -> Flask:
    """The app; settings and database come from the environment unless given (tests give them)."""
    settings = settings or read_settings()
    configure_logging(settings.log_level)
    database = connect(settings) if database is None else database
    registry = Registry(settings.models_dir)
    metrics = Metrics()
    parts = Parts(Serving(database, registry), registry, TrainingJobs(settings.models_dir), metrics)
    parts.drift = drift_api.DriftWatch(metrics)
    app = Flask("ai")
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit_bytes
    app.extensions["ai"] = parts
    app.register_blueprint(blueprint)
    _watch_requests(app, metrics)
    _answer_errors(app)
    _add_service_pages(app, parts, database)
    return app


def _watch_requests(app: Flask, metrics: Metrics) -> None:
    """Request ids, a measurement of every request, a log line of a slow or refused one."""

    @app.before_request
    def begin() -> None:
        g.request_id = request_id_of(request.headers.get("X-Request-ID", ""))
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        path = request.url_rule.rule if request.url_rule else "unknown"
        observe(metrics, request.method, path, response.status_code, time.perf_counter() - g.began)
        response.headers["X-Request-ID"] = g.request_id
        return response


def _problem(problem: Problem) -> Response:
    body = json.dumps(problem.body(g.get("request_id")))
    return Response(body, status=problem.status, mimetype="application/problem+json")


def _answer_errors(app: Flask) -> None:
    """Every error is a problem document; what nobody foresaw is logged with its trace and told without it."""

    @app.errorhandler(Problem)
    def known(error: Problem) -> Response:
        return _problem(error)

    @app.errorhandler(PyMongoError)
    def database_down(error: PyMongoError) -> Response:
        log.error("database_unavailable", error=str(error))
        return _problem(Unavailable("The database does not answer; try again in a minute"))

    @app.errorhandler(PanelTooLarge)
    def too_many_sales(error: PanelTooLarge) -> Response:
        return _problem(Invalid(str(error)))

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_error: RequestEntityTooLarge) -> Response:
        limit = app.config["MAX_CONTENT_LENGTH"] // (1024 * 1024)
        return _problem(TooLarge(f"The body is larger than {limit} MB; ask in several requests"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        problem = Problem(error.description or "")
        problem.status, problem.kind = error.code or 500, (error.name or "error").lower().replace(" ", "-")
        problem.title = error.name or "Error"
        return _problem(problem)

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        log.exception("unforeseen_error", error=type(error).__name__)
        return _problem(Problem("The AI service failed; its log has the details under this request id"))


def _add_service_pages(app: Flask, parts: Parts, database: Database[dict[str, Any]]) -> None:
    @app.get("/health")
    def health() -> Response:
        """200 while the service can work; 503 when the database does not answer. No model yet is healthy."""
        try:
            database.command("ping")
            reachable = True
        except PyMongoError as error:
            log.warning("health_database_down", error=str(error))
            reachable = False
        entry = parts.registry.current("pos")
        state = Health(
            status="ok" if reachable else "degraded",
            database="ok" if reachable else "down",
            model=entry.id if entry else None,
            training=parts.jobs.running(),
            detail="" if entry else "no model trained yet",
        )
        return Response(state.model_dump_json(), status=200 if reachable else 503, mimetype="application/json")

    @app.get("/livez")
    def alive() -> Response:
        """200 as long as the process answers, whatever its neighbours do."""
        return Response('{"status":"ok"}', mimetype="application/json")

    @app.get("/metrics")
    def prometheus() -> Response:
        entry = parts.registry.current("pos")
        age = -1.0
        if entry:
            age = (datetime.now(UTC) - datetime.fromisoformat(entry.fitted_at)).total_seconds()
            for level in ("single", "chain", "runs"):
                error = (entry.metrics.get(level) or {}).get("wmape")
                parts.metrics.holdout_error.labels(level).set(error if error is not None else float("nan"))
        parts.metrics.model_age.set(age)
        parts.metrics.training.set(parts.jobs.running())
        return Response(generate_latest(parts.metrics.registry), mimetype=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(json.dumps(document()), mimetype="application/json")
