"""Redis: the connection for cache, sessions, limits, queue and the event stream."""

import functools
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from app.core.settings import Settings, settings

Redis = redis.Redis


def connect(config: Settings, *, decode: bool = True) -> Any:
    """A pooled client; `decode=False` for libraries that store bytes (the job queue)."""
    return redis.Redis(
        host=config.redis_host,
        port=config.redis_port,
        db=config.redis_database,
        password=config.secret("redis_password").get_secret_value(),
        decode_responses=decode,
        socket_timeout=5,
        socket_connect_timeout=2,
        health_check_interval=15,
        # The library's own default waits four seconds in sum; every caller here knows what to do without Redis.
        retry=Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.1), retries=2),
        client_name=f"tradeai-{config.service}",
    )


@functools.lru_cache(maxsize=2)
def client(decode: bool = True) -> Any:
    """This process's Redis client."""
    return connect(settings(), decode=decode)
