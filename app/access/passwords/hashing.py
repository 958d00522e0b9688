"""Storing passwords: argon2id, never more at once than the machine can bear, and never blocking the event loop."""

import functools
import secrets
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.access.passwords.rules import LONGEST, normalised
from app.core.errors import TooManyRequests

# OWASP's minimum is 19 MiB and two passes; a third pass costs 10 ms more. Four at once (two processes) take 76 MiB.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 3, 1
AT_ONCE = 2
_WAIT_SECONDS = 10.0
_GENERATED_WORDS, _GENERATED_LETTERS = 4, 5

T = TypeVar("T")
_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
_slots = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def slot() -> Iterator[None]:
    """A turn at hashing. Whoever waits longer than ten seconds is asked to come back: TooManyRequests."""
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise TooManyRequests("Too many people are signing in right now. Try again in a few seconds.", retry_after=5)
    try:
        yield
    finally:
        _slots.release()


def hash_password(password: str) -> str:
    """The argon2id hash to store, parameters included. Takes a slot."""
    with slot():
        return _off_loop(lambda: _hasher.hash(normalised(password)))


def verify_in_slot(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`; costs the same when there is none. The caller holds a slot."""
    tried = normalised(password) if len(password) <= LONGEST else ""
    nobody = _nobody()
    right = _off_loop(lambda: _matches(stored or nobody, tried))
    return right and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def generate() -> str:
    """A password for somebody to type once: `mefip-rukaz-tolib-waxen`, about 75 bits."""
    vowels, consonants = "aeiou", "".join(set(string.ascii_lowercase) - set("aeiouqcylx"))
    words = (
        "".join(secrets.choice(consonants if place % 2 == 0 else vowels) for place in range(_GENERATED_LETTERS))
        for _ in range(_GENERATED_WORDS)
    )
    return "-".join(words) + "-" + "".join(secrets.choice("23456789") for _ in range(3))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash that belongs to no account, so that unknown addresses take as long as known ones."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _off_loop(work: Callable[[], T]) -> T:
    """Under gevent a hash would stop every other request for its 30 ms, so it runs in a real thread there."""
    pool = _thread_pool()
    return pool.apply(work) if pool is not None else work()


@functools.lru_cache(maxsize=1)
def _thread_pool() -> Any:
    try:
        from gevent import monkey
        from gevent.threadpool import ThreadPool
    except ImportError:
        return None
    return ThreadPool(AT_ONCE) if monkey.is_module_patched("threading") else None
