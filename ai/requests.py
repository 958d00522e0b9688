"""What is the same of every request, whichever way it is answered."""

from __future__ import annotations

import re
import uuid

import structlog

from ai.metrics import Metrics

log = structlog.get_logger(__name__)
_SLOW_SECONDS = 1.0
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_.\-]{1,64}$")


def request_id_of(given: str) -> str:
    """The id that came with a request, or a new one for what is none."""
    return given if _REQUEST_ID.match(given) else uuid.uuid4().hex


def observe(metrics: Metrics, method: str, path: str, status: int, seconds: float, **told: str) -> None:
    """Counts and measures an answer; a line of a slow or refused one, with what else is `told`: gunicorn's log has every one."""
    metrics.requests.labels(path, status).inc()
    metrics.seconds.labels(path).observe(seconds)
    if status >= 400 or seconds >= _SLOW_SECONDS:
        log.info("request", method=method, path=path, status=status, milliseconds=round(1000 * seconds, 1), **told)
