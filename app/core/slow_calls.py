"""Database calls that took long, in the log with the id of the request or job that made them.

The line holds names and a duration, never a filter or a value: those are people's data.
"""

from contextvars import ContextVar
from typing import Any

from pymongo import monitoring

from app.core.logging import get_logger

# What the driver does for itself: signing in takes long on purpose, and greetings wait for a change.
NOT_QUERIES = frozenset({"hello", "ismaster", "isMaster", "ping", "endSessions", "saslStart", "saslContinue"})
# The driver tells the collection at the start and the duration at the end, both from where the call is made.
_collection: ContextVar[str] = ContextVar("collection of the running database call", default="")

log = get_logger(__name__)


def listeners(slow_milliseconds: int) -> list[Any]:
    """For `MongoClient(event_listeners=...)`: calls longer than `slow_milliseconds` are logged; with 0 none is."""
    return [_SlowCalls(slow_milliseconds)] if slow_milliseconds else []


def collection_of(event: monitoring.CommandStartedEvent) -> str:
    """The collection that the command is about; "" when it names none, as `listCollections: 1`."""
    named = event.command.get("collection" if event.command_name == "getMore" else event.command_name)
    return named if isinstance(named, str) else ""


class _SlowCalls(monitoring.CommandListener):
    def __init__(self, slow_milliseconds: int) -> None:
        self._slow_micros = slow_milliseconds * 1000

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        _collection.set(collection_of(event))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._tell(event, failed=False)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._tell(event, failed=True)

    def _tell(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent, failed: bool) -> None:
        if event.duration_micros > self._slow_micros and event.command_name not in NOT_QUERIES:
            log.info(
                "slow database call",
                command=event.command_name,
                collection=_collection.get(),
                milliseconds=round(event.duration_micros / 1000),
                failed=failed,
            )
