"""Events: one Redis stream that services write and that realtime, worker and supervisor read."""

import json
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from app.core.clock import iso, now
from app.core.logging import get_logger
from app.core.redis import client

STREAM = "events"
KEPT = 100_000

log = get_logger(__name__)


@dataclass(frozen=True)
class Event:
    """Something that happened: `id` is the stream id and orders all events."""

    id: str
    topic: str
    type: str
    data: dict[str, Any]
    actor: str | None
    at: str

    def message(self) -> dict[str, Any]:
        """As a WebSocket client receives it."""
        return {
            "type": "event",
            "id": self.id,
            "topic": self.topic,
            "event": self.type,
            "data": self.data,
            "at": self.at,
        }


def emit(topic: str, kind: str, data: dict[str, Any], actor: str | None = None) -> str | None:
    """Append one event; returns its stream id, or None when Redis is away (the write itself already counts)."""
    entry = {
        "topic": topic,
        "type": kind,
        "data": json.dumps(data, default=str),
        "actor": actor or "",
        "at": iso(now()),
    }
    try:
        return str(client().xadd(STREAM, entry, maxlen=KEPT, approximate=True))
    except RedisError as error:
        log.warning("event not published", topic=topic, event_type=kind, error=str(error))
        return None


def decode(entry_id: str, fields: dict[str, str]) -> Event:
    """One stream entry as an Event."""
    return Event(
        id=entry_id,
        topic=fields["topic"],
        type=fields["type"],
        data=json.loads(fields["data"]),
        actor=fields.get("actor") or None,
        at=fields["at"],
    )
