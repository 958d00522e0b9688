"""The chain of hashes: what an entry's hash covers, and how a break in the chain is found. Pure, no storage."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

GENESIS = "0" * 64
_HIDDEN_WORDS = ("password", "secret", "token", "hash")
_KEPT_WORDS = ("must_change_password", "password_changed_at")
_LARGEST_INT = 2**63 - 1


@dataclass(frozen=True)
class Break:
    """The first entry that does not fit, and why."""

    seq: int
    reason: str


@dataclass(frozen=True)
class Link:
    """Where the chain stands: the last good entry's number and hash."""

    seq: int = 0
    hash: str = GENESIS


def plain(value: Any) -> Any:
    """`value` as JSON-like values that come back from the database exactly as they went in.

    Moments become ISO text, money becomes text, secrets are blanked; dots and dollars that field names may not hold are replaced.
    """
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_field_name(key): "[hidden]" if _is_secret(str(key)) else plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes | Decimal):
        return [plain(item) for item in value]
    return str(value)


def _field_name(key: Any) -> str:
    return str(plain(key)).replace(".", "·").replace("$", "＄").replace("\0", "")


def _is_secret(key: str) -> bool:
    return key not in _KEPT_WORDS and any(word in key.lower() for word in _HIDDEN_WORDS)


def digest(entry: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the canonical JSON of everything in `entry` but its own hash."""
    covered = {key: plain(value) for key, value in entry.items() if key != "hash"}
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def follow(last: Link, entry: Mapping[str, Any]) -> Link | Break:
    """The chain after `entry`, or the break that it is."""
    seq = entry["_id"]
    if seq != last.seq + 1:
        missing = f"entry {last.seq + 1} is missing" if seq > last.seq else f"entry {seq} stands where {last.seq + 1} belongs"
        return Break(last.seq + 1, missing)
    if entry.get("prev") != last.hash:
        return Break(seq, f"entry {seq} does not continue entry {last.seq}: one of them was replaced")
    if entry.get("hash") != digest(entry):
        return Break(seq, f"entry {seq} was changed after it was written")
    return Link(seq, entry["hash"])


def changed_fields(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, Any, Any]]:
    """(field, old, new) for every field that differs, by name."""
    old, new = before or {}, after or {}
    return [(name, old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
