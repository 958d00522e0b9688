"""Commands and Lua scripts that are sent all the time, the shortest way that redis-py has.

For a script that takes Redis itself 0.05 ms, redis-py's own way spent 0.2 ms of this process's time on retries, statistics and
packing in Python, twice as much as sending and reading. Here a script is named by its digest, packed in C, and goes over one of
few connections kept for this. Whatever is not plain goes redis-py's way: a broken connection, a script that Redis does not know.
"""

import hashlib
import os
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

import hiredis
from redis.exceptions import ConnectionError, NoScriptError, ResponseError

from app.core import redis

Word = str | int | float | bytes | memoryview
_CONNECTIONS = 48


class Script:
    """`Script(text)(keys, arguments)` is what `EVAL text` answers, as bytes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[Word], arguments: Sequence[Word]) -> Any:
        """Raises RedisError, as the client does."""
        words: Any = (len(keys), *keys, *arguments)
        try:
            return _shelf().ask(("EVALSHA", self._digest, *words))
        except (NoScriptError, ConnectionError):
            return redis.client(decode=False).eval(self._text, *words)


def command(*words: Word) -> Any:
    """What Redis answers to one command that may be sent twice, as bytes. Raises RedisError, as the client does."""
    try:
        return _shelf().ask(words)
    except ConnectionError:
        return redis.client(decode=False).execute_command(*words)


class _Shelf:
    """Connections of this process, made as those of `pool`; whoever comes when all are in use waits."""

    def __init__(self, pool: Any) -> None:
        self._pool, self._process = pool, os.getpid()
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(_CONNECTIONS):
            self._idle.put(None)

    def fits(self, pool: Any) -> bool:
        """Whether these are still the right ones: tests change the pool, and a forked child shares its parent's."""
        return self._pool is pool and self._process == os.getpid()

    def ask(self, words: Any) -> Any:
        """What Redis answers."""
        connection = self._idle.get() or self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.send_packed_command((hiredis.pack_command(words),))
            return connection.read_response()
        except ResponseError:
            raise
        except BaseException:  # also a greenlet that is ended here: the next must not read the answer to this
            connection.disconnect()
            raise
        finally:
            self._idle.put(connection)


_here: _Shelf | None = None


def _shelf() -> _Shelf:
    global _here
    pool = redis.client(decode=False).connection_pool
    shelf = _here
    if shelf is None or not shelf.fits(pool):
        shelf = _here = _Shelf(pool)
    return shelf
