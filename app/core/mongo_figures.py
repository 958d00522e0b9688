"""What MongoDB costs this process: commands, their seconds, the slow ones by name, and connections that failed.

Nothing is counted before `count_with` named a counter (the backend's metrics). Listening costs some 40 microseconds a command,
which slow_calls.py spends anyhow; watching the pool as well would cost half as much again.
"""

from typing import Any, Protocol

from pymongo import monitoring

from app.core.slow_calls import NOT_QUERIES, collection_of

_NETWORK = ("AutoReconnect", "NetworkTimeout", "ConnectionFailure", "ServerSelectionTimeoutError", "NotPrimaryError")
SLOW_SECONDS = 0.05  # what the manuals call slow


class Counter(Protocol):
    """Takes what happened."""

    def command(self, seconds: float) -> None: ...
    def slow(self, name: str, seconds: float) -> None: ...
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
    """Every command that is a query or a write. A slow one is told by name, as in "find sales": never with its values."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._collections: dict[int, str] = {}  # of the commands under way

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Its end does not say which collection it is about."""
        if event.command_name not in NOT_QUERIES:
            self._collections[event.request_id] = collection_of(event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        if event.failure.get("errtype") in _NETWORK:
            self._collections.pop(event.request_id, None)
            self._counter.connection_failed()
        else:
            self._ended(event)

    def _ended(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent) -> None:
        collection, seconds = self._collections.pop(event.request_id, ""), event.duration_micros / 1e6
        if event.command_name in NOT_QUERIES:
            return
        self._counter.command(seconds)
        if seconds > SLOW_SECONDS:
            self._counter.slow(f"{event.command_name} {collection}".strip(), seconds)


class _Heartbeats(monitoring.ServerHeartbeatListener):
    """The driver's own look at the server: while nothing answers, requests wait for it and never get as far as a connection."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def started(self, event: Any) -> None: ...
    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: monitoring.ServerHeartbeatFailedEvent) -> None:
        self._counter.connection_failed()
