"""The words on the wire: closing codes, limits, and how each message is written."""

import json
from enum import IntEnum
from typing import Any

from app.core.clock import iso, now

HEARTBEAT_SECONDS = 25
MAX_MESSAGE_BYTES = 4096
MAX_TOPICS = 100
MAX_SOCKETS_PER_PERSON = 20
MESSAGES_PER_SECOND, MESSAGES_BURST = 20.0, 60.0
OUTBOX_BYTES = 1024 * 1024
ANONYMOUS_SILENCE_SECONDS = 300.0
SIGNED_IN_SECONDS = 12 * 3600.0


class Close(IntEnum):
    """Why the server closes; docs/realtime.md says what a client does then."""

    RESTART = 1001
    NOT_A_MESSAGE = 4400
    SIGN_IN_ENDED = 4401
    SILENT = 4408
    TOO_SLOW = 4409
    TOO_MANY = 4429


def write(kind: str, **fields: Any) -> str:
    """A message of type `kind`."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":"))


def welcome(newest: str) -> str:
    """The first message on every socket."""
    return write(
        "welcome",
        server_time=iso(now()),
        resume_from=newest,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        max_message_bytes=MAX_MESSAGE_BYTES,
    )


def degraded() -> str:
    """The event store is away."""
    return write("degraded", reason="Live updates pause; they follow as soon as the event store is back.")


def error(code: str, reason: str) -> str:
    """The last message was refused; the socket stays."""
    return write("error", code=code, reason=reason)


def event(entry_id: str, fields: dict[str, str]) -> str:
    """A stream entry as clients get it. Its data is JSON already and is not parsed again: this runs once for each event."""
    head = json.dumps(
        {"type": "event", "id": entry_id, "topic": fields["topic"], "event": fields["type"], "at": fields["at"]},
        separators=(",", ":"),
    )
    return f'{head[:-1]},"data":{fields["data"]}}}'


def read(text: str | bytes) -> dict[str, Any] | None:
    """A client's message, None when it is not a JSON object with a `type`."""
    if isinstance(text, bytes):
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None
