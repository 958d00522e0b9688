"""Tells whether the keys at hand are the ones a backup was made with, without giving them away."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping

# What data and sessions depend on. Passwords of the databases are not among them: they are given to whatever database is there.
# Nor are the keys of access tokens: these live 15 minutes, and a backup must outlast a rotation (docs/decisions/0240).
KEYS = ("secret_key",)

Read = Callable[[str], str]


def fingerprint(read: Read, salt: str | None = None) -> dict[str, str]:
    """`salt` and one salted hash a key; `read` gives a secret by its name."""
    used = salt or secrets.token_hex(16)
    return {"salt": used} | {name: _hash(used, read(name)) for name in KEYS}


def strangers(recorded: Mapping[str, str], read: Read) -> list[str]:
    """The names of the keys that are not the recorded ones."""
    salt = recorded.get("salt", "")
    return [name for name in KEYS if not hmac.compare_digest(recorded.get(name, ""), _hash(salt, read(name)))]


def _hash(salt: str, value: str) -> str:
    # The keys are random and long: a slow hash would protect nothing.
    return hmac.new(salt.encode(), value.encode(), hashlib.sha256).hexdigest()
