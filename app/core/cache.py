"""Read cache in Redis: keyed by the version of what was read, so that no answer is stale after a write was acknowledged.

Why that holds. A reader learns the versions of its scopes before it loads, and keeps its answer under them. A writer gives
its scopes a new, unique version after its write and before it acknowledges. So whoever asks after the acknowledgement looks
under a version that was first seen after the write, and what is kept there was loaded after the write.

Many ask at once for what just became unknown; one of each process loads, the others wait for its answer: it stands under
the same versions they looked up themselves, so it is as good as one found in Redis. Without this a slow answer that became
unknown under load was loaded by everyone, grew slower by it, and never became known again (docs/decisions/0073).

A writer that changed one row in a way that others can follow says so (`Change.row`): with the new version it leaves, under the
old one, what became of the row, and a process with a copy of the old state brings it up to date (app/core/follow.py).

What could break it, and does not: a version that comes back (they are unique, never counted, and a missing one is replaced by a
new one); a Redis that restarts and forgot the last second (the name of an entry contains Redis's run id, so entries of the
last run are never found); a writer that cannot reach Redis (it waits until every answer loaded before its write has expired:
an entry expires ENTRY_SECONDS after its reader *asked for the versions*, at an absolute time, however long loading took, and
one that was made from another that was kept expires with that one); a writer that dies before it told Redis
(it acknowledged nothing).
"""

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from redis.exceptions import RedisError

from app.core.logging import get_logger
from app.core.redis_script import Script, command
from app.core.settings import settings

ENTRY_SECONDS = 5.0
_RETRY_SECONDS = 0.25
_ROW_SECONDS = 10  # longer than any copy lives
_MARGIN_SECONDS = 0.5

# For scripts: the entry's name under the current versions, the entry, and when it expires (Unix milliseconds). `names` are the
# versions' keys, `digest` is the question's, `fresh` a version for those that are missing.
LOOK = """
local function look(names, digest, fresh)
  local versions = redis.call('MGET', unpack(names))
  for number, name in ipairs(names) do
    if not versions[number] then
      redis.call('SET', name, fresh)
      versions[number] = fresh
    end
  end
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local place = 'cache:' .. digest .. ':' .. run .. ':' .. table.concat(versions, '.')
  return {place, redis.call('GET', place), redis.call('PEXPIRETIME', place)}
end
"""
# KEYS: the versions' names. ARGV: how long rows are kept, then a fresh version for each name, then a changed row for each or ''.
_renew = Script("""
for number, name in ipairs(KEYS) do
  local fresh, row = ARGV[1 + number], ARGV[1 + #KEYS + number]
  local before = row ~= '' and redis.call('GET', name)
  if before then redis.call('SET', 'change:' .. name .. ':' .. before, fresh .. row, 'EX', ARGV[1]) end
  redis.call('SET', name, fresh)
end
""")
_look = Script(f"{LOOK} return look(KEYS, ARGV[1], ARGV[2])")

Answer = TypeVar("Answer")
log = get_logger(__name__)


@dataclass(frozen=True)
class Question:
    """What is asked of the cache: the keys of its scopes' versions, and its name among all questions."""

    versions: tuple[str, ...]
    digest: str


@dataclass
class _Load:
    """One loading under way, which others wait for."""

    asked: float
    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes | None = None


_loads: dict[bytes, _Load] = {}
_made_from: ContextVar[float] = ContextVar("since when what is being loaded may be old", default=math.inf)


def question(scopes: Iterable[str], key: Any) -> Question:
    """The question `key`. `scopes` are all the kinds of thing its answer is made from."""
    names = sorted(set(scopes))
    digest = hashlib.sha256(json.dumps([names, key], sort_keys=True, default=str).encode()).hexdigest()
    return Question(tuple(f"version:{name}" for name in names), digest)


def cached(scopes: Iterable[str], key: Any, load: Callable[[], bytes]) -> bytes:
    """The bytes for `key`, read through the cache; `scopes` as for `question`."""
    return answered(question(scopes, key), load)


def answered(asks: Question, load: Callable[[], bytes]) -> bytes:
    """The bytes for a question, from the cache or from `load`."""
    if settings().cache == "off":
        return load()
    asked = time.time()
    try:
        place, found, expires = _look(asks.versions, (asks.digest, uuid4().hex))
    except RedisError:
        return load()
    if found is None:
        return load_once(place, asked, load)
    made_from(expires / 1000 - ENTRY_SECONDS)
    return bytes(found)


def load_once(place: bytes, asked: float, load: Callable[[], bytes]) -> bytes:
    """The answer for `place`: from a loading that another began since its entry could be valid, else loaded and kept.

    `place` is what LOOK answered to a question that was put at `asked` (Unix seconds) or later, when nothing was kept there.
    """
    under_way = _loads.get(place)
    if under_way is not None and asked - under_way.asked < ENTRY_SECONDS:
        under_way.done.wait(ENTRY_SECONDS)
        if under_way.answer is None:
            return load()  # it failed, or takes too long
        made_from(under_way.asked)
        return under_way.answer
    mine = _loads[place] = _Load(asked)
    try:
        answer, mine.asked = loaded(asked, load)
        mine.answer = answer
        _keep(place, answer, mine.asked)
        return answer
    finally:
        if _loads.get(place) is mine:
            del _loads[place]
        mine.done.set()


def loaded(asked: float, load: Callable[[], Answer]) -> tuple[Answer, float]:
    """What `load` answers, and since when it may be old: `asked`, or before where it was made from something that was kept."""
    outer = _made_from.set(asked)
    try:
        answer = load()
        since = _made_from.get()
    finally:
        _made_from.reset(outer)
    made_from(since)
    return answer, since


def made_from(since: float) -> None:
    """The answer that is being loaded uses one that may be as old as `since` (Unix seconds)."""
    _made_from.set(min(since, _made_from.get()))


def _keep(place: bytes, answer: bytes, asked: float) -> None:
    try:
        command("SET", place, answer, "PXAT", int((asked + ENTRY_SECONDS) * 1000))
    except RedisError as error:
        log.warning("answer not cached", error=str(error))


@dataclass
class Change:
    """A write under way. `row`, set after it: all that became different, for whoever has a copy from before (see follow.py)."""

    row: dict[str, Any] | None = None


@contextmanager
def changing(*scopes: str, numbers_stay: bool = False) -> Iterator[Change]:
    """Around every write: `with changing("customers"): store.update(...)`. Also after a failed write, which may have landed.

    Each scope has a part, `size_of(scope)`, for what only depends on how many there are of what kind. With `numbers_stay` it is
    not given a new version: say so only where no filter could count otherwise after the write.
    """
    change = Change()
    try:
        yield change
    except BaseException:
        change.row = None
        raise
    finally:
        invalidate(scopes if numbers_stay else [*scopes, *map(size_of, scopes)], row=change.row)


def size_of(scope: str) -> str:
    """The scope of answers that change only when something of `scope` comes, goes, or becomes of another kind."""
    return f"{scope}.size"


def invalidate(scopes: Iterable[str], wait: Callable[[float], None] = time.sleep, row: Mapping[str, Any] | None = None) -> None:
    """Give `scopes` new versions; returns only when no reader can be answered from before."""
    names = [f"version:{scope}" for scope in scopes]
    rows = [orjson.dumps(row) if row else b""] * len(names)
    deadline = time.monotonic() + ENTRY_SECONDS + _MARGIN_SECONDS
    while True:
        try:
            _renew(names, (_ROW_SECONDS, *(uuid4().hex for _ in names), *rows))
        except RedisError as error:
            if time.monotonic() >= deadline:
                log.warning("cache expired by itself, Redis was away", scopes=names, error=str(error))
                return
            wait(_RETRY_SECONDS)
        else:
            return
