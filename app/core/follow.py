"""Copies in this process that are brought up to date change by change, instead of being loaded from the database anew.

A rename makes every list unknown that could show the row. Loading one took 3 to 5 ms of the processor here, and more in the
database, to show fifty rows of which one had changed. Whoever changes one row so that others can follow leaves, under the scope's
old version, what became of it, together with the new version and in one step (`cache.changing`). A copy knows the version it was
loaded under, and goes from there along what was left until the version of now. Where nothing was left (any other kind of
write, a version that Redis forgot), or where the copy cannot take the change, it is loaded.

It is exact for the reason the cache is: the way is asked for after the reader came, and a writer has told before it acknowledges.
Two writes of one row may be told in the other order; rows carry the document's version, and the older one changes nothing.
A copy lives as long as an entry of the cache, counted from when it was asked for, and never longer than Redis: it knows its run.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from redis.exceptions import RedisError

from app.core import cache
from app.core.redis_script import Script
from app.core.settings import settings

_MOST_COPIES = 32
_MOST_CHANGES = 100

# KEYS: versions' names. ARGV: the version of each that a copy has (or ''), then a fresh version for those that are missing.
# Answers Redis's run, then for each name the version of now and the changes since the copy's, or no changes when the way is lost.
_ways = Script(f"""
local answer = {{string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')}}
for number, name in ipairs(KEYS) do
  local now = redis.call('GET', name)
  if not now then
    now = ARGV[#KEYS + 1]
    redis.call('SET', name, now)
  end
  local at, changes = ARGV[number], {{}}
  while at and at ~= now do
    local told = #changes < {_MOST_CHANGES} and redis.call('GET', 'change:' .. name .. ':' .. at)
    at = told and string.sub(told, 1, 32)
    changes[#changes + 1] = told and string.sub(told, 33)
  end
  answer[#answer + 1] = {{now, at and changes}}
end
return answer
""")


@dataclass(frozen=True)
class Wanted:
    """A value made of `scope` alone, and how a change is worked into it: `patch` answers False, with nothing done, if it cannot.

    `key` is its name among all values of that scope.
    """

    scope: str
    key: Hashable
    load: Callable[[], Any]
    patch: Callable[[Any, dict[str, Any]], bool]


@dataclass
class _Copy:
    run: bytes
    version: bytes
    value: Any
    since: float  # as cache.loaded says


_copies: dict[tuple[str, Hashable], _Copy] = {}


def followed(*wanted: Wanted) -> list[Any]:
    """The values as they are now. They are this process's copies: read them before anything that waits, and change nothing."""
    if settings().cache == "off":
        return [one.load() for one in wanted]
    asked = time.time()
    had = [_copies.get((one.scope, one.key)) for one in wanted]
    versions = [copy.version if copy and asked - copy.since < cache.ENTRY_SECONDS else b"" for copy in had]
    try:
        run, *ways = _ways([f"version:{one.scope}" for one in wanted], (*versions, uuid4().hex))
    except RedisError:
        return [one.load() for one in wanted]
    copies: list[_Copy] = []
    for one, copy, version, (now, changes) in zip(wanted, had, versions, ways, strict=True):
        if copy is None or changes is None or copy.run != run or not _patched(one, copy, changes):
            copy = _kept(one, _Copy(run, now, *cache.loaded(asked, one.load)))
        elif copy.version == version:  # else another greenlet brought it further meanwhile
            copy.version = now
        cache.made_from(copy.since)
        copies.append(copy)
    return [copy.value for copy in copies]


def _patched(one: Wanted, copy: _Copy, changes: list[bytes]) -> bool:
    return all(one.patch(copy.value, orjson.loads(change)) for change in changes)


def _kept(one: Wanted, copy: _Copy) -> _Copy:
    if len(_copies) >= _MOST_COPIES:
        _copies.clear()
    _copies[one.scope, one.key] = copy
    return copy


def forget() -> None:
    """Have no copies (for tests)."""
    _copies.clear()
