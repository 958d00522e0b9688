"""Read cache in Redis: keyed by the version of what was read, so that no answer is stale after a write was acknowledged.

A reader takes the scope's version first and stores its answer under it. A writer raises the version after its write and
before it acknowledges, so whoever asks later looks under a newer key. If Redis cannot be told, the acknowledgement waits
until Redis answers or every entry has expired by itself (ENTRY_SECONDS), whichever is first.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import RedisError

from app.core.logging import get_logger
from app.core.redis import client
from app.core.settings import settings

ENTRY_SECONDS = 5
_RETRY_SECONDS = 0.25

log = get_logger(__name__)


def cached(scopes: Iterable[str], key: Any, load: Callable[[], bytes]) -> bytes:
    """The bytes for `key`, read through the cache. `scopes` are all the kinds of thing the answer was made from."""
    if settings().cache == "off":
        return load()
    names = sorted(scopes)
    try:
        versions = client(decode=False).mget([f"version:{name}" for name in names])
    except RedisError:
        return load()
    stamp = json.dumps([names, [(v or b"0").decode() for v in versions], key], sort_keys=True, default=str)
    place = "cache:" + hashlib.sha256(stamp.encode()).hexdigest()
    try:
        found = client(decode=False).get(place)
    except RedisError:
        return load()
    if found is not None:
        return bytes(found)
    answer = load()
    try:
        client(decode=False).set(place, answer, ex=ENTRY_SECONDS)
    except RedisError as error:
        log.warning("answer not cached", error=str(error))
    return answer


@contextmanager
def changing(*scopes: str) -> Iterator[None]:
    """Around every write: `with changing("customers"): store.update(...)`. Also after a failed write, which may have landed."""
    try:
        yield
    finally:
        invalidate(scopes)


def invalidate(scopes: Iterable[str], wait: Callable[[float], None] = time.sleep) -> None:
    """Raise the versions of `scopes`; returns only when no reader can be answered from before."""
    deadline = time.monotonic() + ENTRY_SECONDS
    while True:
        try:
            pipe = client().pipeline(transaction=False)
            for scope in scopes:
                pipe.incr(f"version:{scope}")
            pipe.execute()
        except RedisError as error:
            if time.monotonic() >= deadline:
                log.warning("cache expired by itself, Redis was away", scopes=list(scopes), error=str(error))
                return
            wait(_RETRY_SECONDS)
        else:
            return
