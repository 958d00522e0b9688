"""Prometheus metrics of the backend: requests by endpoint, and what MongoDB costs.

`/metrics` answers inside only; nginx does not pass it on.
"""

import os
import time
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Response, g, request

from app.core import mongo_figures
from app.core.errors import NotFound
from app.core.settings import Settings

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)
_SHARED = Path("/tmp/tradeai-metrics")  # noqa: S108 - a tmpfs of this container; lives as long as its counters should
_HISTOGRAM: Any = None
_DATABASE: Any = None


def install(app: APIFlask, config: Settings) -> None:
    """Time every request of `app`. In production gunicorn's workers add up in small files that all of them map."""
    if config.environment == "production" and config.service == "backend":
        _SHARED.mkdir(exist_ok=True)
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_SHARED))
    _requests()
    mongo_figures.count_with(_database())

    @app.before_request
    def begin() -> None:
        g.measured_from = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        # The endpoint and not the path: paths hold ids, and every id would be a series of its own.
        endpoint = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("measured_from", time.perf_counter())
        observe(request.method, endpoint, response.status_code, seconds)
        return response

    app.add_url_rule("/metrics", "metrics", app.doc(hide=True)(_answer))


def observe(method: str, endpoint: str, status: int, seconds: float) -> None:
    """Count one request."""
    _requests().labels(method, endpoint, str(status)).observe(seconds)


def _answer() -> Response:
    if "X-Forwarded-For" in request.headers or "X-Real-IP" in request.headers:
        raise NotFound("There is nothing at this address. Metrics are read from inside the appliance.")
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Database:
    """Seconds of commands (sum and count, for the mean), of slow ones by name, and failed connections."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Summary

        self._seconds = Summary("tradeai_mongo_command_seconds", "Seconds that MongoDB took for each query or write.")
        # Command and collection: as many series as the code has kinds of queries, and only of those that were ever slow.
        self._slow = Summary("tradeai_mongo_slow_command_seconds", "Seconds of those that took more than 50 ms.", ["command"])
        self._failures = Counter("tradeai_mongo_connection_failures", "Connections to MongoDB that could not be had or broke.")

    def command(self, seconds: float) -> None:
        self._seconds.observe(seconds)

    def slow(self, name: str, seconds: float) -> None:
        self._slow.labels(name).observe(seconds)

    def connection_failed(self) -> None:
        self._failures.inc()


def _database() -> _Database:
    """The counters, made once a process."""
    global _DATABASE
    if _DATABASE is None:
        _DATABASE = _Database()
    return _DATABASE


def _requests() -> Any:
    """The histogram, made once a process. Imported here: the library chooses at import whether processes share."""
    global _HISTOGRAM
    if _HISTOGRAM is None:
        from prometheus_client import Histogram

        _HISTOGRAM = Histogram(
            "tradeai_http_request_seconds",
            "Seconds from the first to the last line of ours for each request.",
            ["method", "endpoint", "status"],
            buckets=_BUCKETS,
        )
    return _HISTOGRAM
