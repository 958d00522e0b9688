"""What MongoDB costs this process: commands, their seconds, and connections that failed, for whoever counts them.

Nothing is counted before `count_with` named a counter (the backend's metrics). Listening costs some 40 microseconds a command,
which slow_calls.py spends anyhow; watching the pool as well would cost half as much again.
"""

from typing import Any, Protocol

from pymongo import monitoring

_NETWORK = ("AutoReconnect", "NetworkTimeout", "ConnectionFailure", "ServerSelectionTimeoutError", "NotPrimaryError")
_NOT_QUERIES = frozenset({"hello", "ismaster", "isMaster", "ping", "endSessions", "saslStart", "saslContinue"})


class Counter(Protocol):
    """Takes what happened."""

    def command(self, seconds: float) -> None: ...
    def connection_failed(self) -> None: ...


_counter: Counter | None = None


def count_with(counter: Counter | None) -> None:
    """From the next connection on, tell `counter`."""
    global _counter
    _counter = counter


def listeners() -> list[Any]:
    """For `MongoClient(event_listeners=...)`; none while nobody counts."""
    return [] if _counter is None else [_Commands(_counter), _Heartbeats(_counter)]


class _Commands(monitoring.CommandListener):
    """Every command that is a query or a write."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Only its end is counted."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name not in _NOT_QUERIES:
            self._counter.command(event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        if event.failure.get("errtype") in _NETWORK:
            self._counter.connection_failed()
        elif event.command_name not in _NOT_QUERIES:
            self._counter.command(event.duration_micros / 1e6)


class _Heartbeats(monitoring.ServerHeartbeatListener):
    """The driver's own look at the server: while nothing answers, requests wait for it and never get as far as a connection."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def started(self, event: Any) -> None: ...
    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: monitoring.ServerHeartbeatFailedEvent) -> None:
        self._counter.connection_failed()
