"""Sums over the sales, kept in Redis until the sales change, so that a whole history is added up once and not per visitor.

The read cache (app.core.cache) keeps answers for seconds, because Redis alone cannot prove that nothing was written since.
Sales change only while an import lands or is taken back, and the database knows every import: sums are kept under the
state of all imports, and none is used or kept while one is at work. So what is kept can be old but never stale.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from app.core.mongo import database
from app.core.redis import client
from app.core.settings import settings
from app.trade.imports import store as imports
from app.trade.imports.models import Kind, Status

KEPT_SECONDS = 24 * 3600
_AT_WORK = {Status.LANDING.value, Status.REVERTING.value}


def state() -> str | None:
    """Changes whenever sales may have changed; None while they are changing, or when Redis does not answer."""
    found = [
        (row["_id"], row["status"], row["version"])
        for row in imports.find({"kind": Kind.SALES.value}, {"status": 1, "version": 1})
    ]
    if any(status in _AT_WORK for _id, status, _version in found):
        return None
    try:
        announced = client().get("version:sales")  # raised by every write besides
    except RedisError:
        return None
    return hashlib.sha256(json.dumps([database().name, announced, sorted(found)]).encode()).hexdigest()


def kept(key: Any, load: Callable[[], bytes]) -> bytes:
    """The bytes for `key`, added up by `load` unless they were since the last change of the sales."""
    now = None if settings().cache == "off" else state()
    if now is None:
        return load()
    place = "sums:" + hashlib.sha256(json.dumps([now, key], sort_keys=True, default=str).encode()).hexdigest()
    try:
        found = client(decode=False).get(place)
        if found is not None:
            return bytes(found)
    except RedisError:
        return load()
    answer = load()
    if state() == now:
        try:
            client(decode=False).set(place, answer, ex=KEPT_SECONDS)
        except RedisError:
            return answer
    return answer
