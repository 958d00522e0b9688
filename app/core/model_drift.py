"""What the daily look at drift found, told to the supervisor over a stream of its own, as security events are."""

import json
from typing import Any

from redis.exceptions import RedisError

from app.core.clock import iso, now
from app.core.logging import get_logger
from app.core.redis import client

STREAM, FIELD = "model-drift", "look"
KEPT = 200

log = get_logger(__name__)


def report(source: str, model: str, shifted: list[str], detail: str) -> None:
    """`shifted` names what no longer looks as at training; empty when all is well. Never fails: the look is stored as well."""
    look: dict[str, Any] = {"at": iso(now()), "source": source, "model": model, "shifted": shifted, "detail": detail}
    try:
        client().xadd(STREAM, {FIELD: json.dumps(look)}, maxlen=KEPT, approximate=True)
    except RedisError as error:
        log.warning("drift not reported to the supervisor", error=str(error))
