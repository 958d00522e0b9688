"""Every source of figures, wired."""

from collections.abc import Callable
from urllib.parse import urlsplit

from app.core.clock import Clock
from app.supervisor.configuration import Configuration
from app.supervisor.engine import Engine
from app.supervisor.measures import (
    backend,
    baseline,
    beside,
    certificate,
    clock_drift,
    database,
    model_drift,
    queue,
    redis,
    security,
)
from app.supervisor.measures.line_file import LineFile
from app.supervisor.measures.source import Source
from app.supervisor.redis_wire import RedisWire
from app.supervisor.services import BESIDE
from app.supervisor.state import State
from app.supervisor.store import StateFile


def baseline_of(
    config: Configuration, store: StateFile, clock: Clock, state: Callable[[], State], engine: Engine
) -> baseline.Baseline:
    """The record of configuration and images."""
    images = baseline.RunningImages(state, engine.describe, (*BESIDE, "dockerproxy", "supervisor"))
    return baseline.Baseline(store, clock, baseline.WatchedFiles(config.watched_dir), images)


def sources(
    config: Configuration,
    store: StateFile,
    clock: Clock,
    state: Callable[[], State],
    recorded: baseline.Baseline,
    engine: Engine,
) -> list[Source]:
    """All of them, in the order of their first reading."""
    wire = RedisWire(config.redis_host, config.redis_port, lambda: config.secret("redis_password").get_secret_value())
    nginx = urlsplit(config.nginx_url).hostname or "nginx"
    found = [
        database.source(state),
        redis.source(wire, clock),
        queue.source(wire, clock),
        model_drift.source(wire, clock),
        backend.source(config.backend_url, clock),
        clock_drift.source(),
        certificate.source(nginx, config.nginx_tls_port, config.domain or "nginx", clock),
        *baseline.sources(recorded),
        beside.source(engine.describe),
    ]
    if config.log_dir is not None:
        found.append(security.source(wire, LineFile(config.log_dir / security.FILE), store, clock))
    return found
