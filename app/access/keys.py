"""Signing keys: JWT keys by key id from the secret file `jwt_keys`, and purpose-bound keys derived from `secret_key`.

`jwt_keys` is JSON: {"current": "<kid>", "keys": {"<kid>": "<base64 of 32 or more random bytes>", ...}}. New tokens are signed
with `current`; every listed key verifies. deploy.sh --rotate-keys adds a key, makes it current and keeps the one before.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass

from app.core.settings import read_secret

_SHORTEST_KEY = 32
_RELOAD_SECONDS = 10.0


class UnusableKeys(RuntimeError):
    """The secret file `jwt_keys` is not what it should be; deploy.sh writes a new one when it is missing."""


@dataclass(frozen=True)
class KeyRing:
    """The key that signs and all keys that verify."""

    current: str
    keys: dict[str, bytes]


def parse(text: str) -> KeyRing:
    """The ring in `text`; raises UnusableKeys naming what is wrong, never showing a key."""
    try:
        content = json.loads(text)
        keys = {str(kid): base64.b64decode(value, validate=True) for kid, value in content["keys"].items()}
        current = str(content["current"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise UnusableKeys('Secret jwt_keys must be {"current": "kid", "keys": {"kid": "base64"}}.') from error
    if current not in keys:
        raise UnusableKeys(f"Secret jwt_keys names {current!r} as current, but holds no such key.")
    for kid, key in keys.items():
        if len(key) < _SHORTEST_KEY:
            raise UnusableKeys(f"Key {kid!r} in secret jwt_keys is shorter than {_SHORTEST_KEY} bytes.")
    return KeyRing(current, keys)


class _Held:
    """The ring of this process, read again at most every few seconds when a token names a key it does not know."""

    def __init__(self) -> None:
        self._ring: KeyRing | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def ring(self) -> KeyRing:
        with self._lock:
            if self._ring is None:
                self._read()
            assert self._ring is not None
            return self._ring

    def key(self, kid: str) -> bytes | None:
        found = self.ring().keys.get(kid)
        if found is None and time.monotonic() - self._read_at > _RELOAD_SECONDS:
            with self._lock:
                self._read()
            found = self.ring().keys.get(kid)
        return found

    def forget(self) -> None:
        with self._lock:
            self._ring = None

    def _read(self) -> None:
        self._ring = parse(read_secret("jwt_keys").get_secret_value())
        self._read_at = time.monotonic()


_held = _Held()


def signing() -> tuple[str, bytes]:
    """(key id, key) that signs new tokens."""
    ring = _held.ring()
    return ring.current, ring.keys[ring.current]


def verifying(kid: str) -> bytes | None:
    """The key with that id, None when there is none (any more)."""
    return _held.key(kid)


def forget() -> None:
    """Read the file again on next use."""
    _held.forget()
    derived.cache_clear()


@functools.lru_cache(maxsize=16)
def derived(purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that no value made for one can be used for another."""
    return hmac.digest(read_secret("secret_key").get_secret_value().encode(), purpose.encode(), hashlib.sha256)
