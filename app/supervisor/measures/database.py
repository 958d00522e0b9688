"""How long MongoDB takes for a ping: the figure of its probe, so that a slow database is seen although it answers."""

from collections.abc import Callable, Iterable

from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.state import Outcome, State

SECONDS = 10.0


def read_latency(state: Callable[[], State]) -> Iterable[Measured]:
    """`db_latency_ms`: connect and ping. Nothing while it does not answer, which its probe says already."""
    probe = state().services["mongodb"].probe
    if probe.outcome is Outcome.OK and probe.latency_ms is not None:
        yield Measured("db_latency_ms", round(probe.latency_ms, 1), detail="connect and ping, from the supervisor")


def source(state: Callable[[], State]) -> Source:
    """The source."""
    return Source("database", SECONDS, lambda: read_latency(state))
