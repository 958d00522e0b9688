"""Redis: the connection for cache, sessions, limits, queue and the event stream."""

import fcntl
import functools
import termios
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from app.core.settings import Settings, settings

Redis = redis.Redis
_NOTHING = bytes(4)


class Connection(redis.Connection):
    """Asks the kernel whether an answer nobody read is left, before each command, instead of gevent's poll.

    That poll was a twelfth of the processor time of a list under load. Unlike it, this does not notice that the server closed the
    connection: the command does, and is sent again on a new one (`retry` below).
    """

    def can_read(self, timeout: float = 0) -> bool:
        if timeout or self._sock is None:
            return bool(super().can_read(timeout))
        return fcntl.ioctl(self._sock.fileno(), termios.FIONREAD, _NOTHING) != _NOTHING


def connect(config: Settings, *, decode: bool = True) -> Any:
    """A pooled client; `decode=False` for libraries that store bytes (the job queue)."""
    pool = redis.ConnectionPool(
        connection_class=Connection,
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
    return redis.Redis.from_pool(pool)


@functools.lru_cache(maxsize=2)
def client(decode: bool = True) -> Any:
    """This process's Redis client."""
    return connect(settings(), decode=decode)
