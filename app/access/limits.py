"""How many requests one person or address may make: counted in Redis per fixed window, together with the session check.

One round trip answers both, because every request pays for it (docs/decisions/0022); a list asked for again comes with it too
(app/web/short_way.py). While Redis is away nothing is counted here; nginx's own limits stay.
"""

import time
from dataclasses import dataclass
from uuid import uuid4

from flask import Response
from redis.exceptions import RedisError

from app.access.sessions import liveness
from app.core.cache import LOOK, Question
from app.core.errors import TooManyRequests
from app.core.logging import get_logger
from app.core.redis import client
from app.core.redis_script import Script
from app.core.settings import settings

HOUR = 3600
SIGN_IN_WINDOW = 60
SIGN_INS_PER_ADDRESS = 120
_AWAY_SECONDS = 1.0

# KEYS: the counter, the user, the session, then the versions of a question if there is one. ARGV: seconds the counter is
# kept, then the question's digest and a fresh version.
_ask = Script(f"""
{LOOK}
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
local answer = {{used, redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}}
if #KEYS > 3 then
  local looked = look({{unpack(KEYS, 4)}}, ARGV[2], ARGV[3])
  answer[4], answer[5] = looked[1], looked[2]
end
return answer
""")

log = get_logger(__name__)
_away_until = 0.0


@dataclass(frozen=True)
class Quota:
    """Where somebody stands: `used` of `limit` in this window, which ends in `reset` seconds."""

    limit: int
    used: int
    reset: int
    window: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class Answer:
    """What Redis said about a request: `known` for liveness.check, `quota` for the headers; both None while it is away.

    `place` is where the cache has its answer to the question that was asked along, `kept` what is there: None when nothing is.
    """

    known: list[str | None] | None
    quota: Quota | None
    place: bytes | None = None
    kept: bytes | None = None


def ask(counted: str, user_id: str = "", session_id: str = "", question: Question | None = None) -> Answer:
    """Count a request of `counted` (a user id or an address), read what Redis knows of the session, and look for an answer."""
    global _away_until
    if time.monotonic() < _away_until:
        return Answer(None, None)
    number, left = _window(HOUR)
    keys = [f"rate:{counted}:{number}", liveness.user_key(user_id), liveness.session_key(session_id)]
    versions, look_for = (question.versions, (question.digest, uuid4().hex)) if question else ((), ())
    try:
        used, *found = _ask([*keys, *versions], (left + 60, *look_for))
    except RedisError as error:
        _away_until = time.monotonic() + _AWAY_SECONDS  # a request in a second finds out whether it is back
        log.error("requests are not counted, Redis is away", error=str(error))
        return Answer(None, None)
    quota = Quota(settings().hourly_requests, used, left, HOUR)
    known = [value if value is None else value.decode() for value in found[:2]] if user_id else None
    return Answer(known, quota, *found[2:])


def enforce(quota: Quota | None) -> None:
    """Raise TooManyRequests beyond the quota."""
    if quota and quota.used > quota.limit:
        minutes = max(1, -(-quota.reset // 60))
        raise TooManyRequests(
            f"More than {quota.limit:,} requests in an hour. It works again in {minutes} min; "
            "spread the calls, or ask for fewer, larger pages.",
            retry_after=quota.reset,
        )


def enforce_sign_in(address: str) -> None:
    """Raise TooManyRequests when one address tries to sign in too often, rightly or not."""
    number, left = _window(SIGN_IN_WINDOW)
    key = f"rate:sign-in:{address}:{number}"
    try:
        pipe = client().pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, left + 60)
        used = int(pipe.execute()[0])
    except RedisError:
        return  # failures are still counted within each process
    if used > SIGN_INS_PER_ADDRESS:
        raise TooManyRequests("Too many sign-ins from this address. Try again in a minute.", retry_after=left)


def add_headers(response: Response, quota: Quota | None) -> None:
    """Tell the client where it stands (draft-ietf-httpapi-ratelimit-headers, the widely read form)."""
    if quota:
        response.headers.update(headers(quota))


def headers(quota: Quota) -> list[tuple[str, str]]:
    """The same, as names and values."""
    return [
        ("RateLimit-Limit", str(quota.limit)),
        ("RateLimit-Remaining", str(quota.remaining)),
        ("RateLimit-Reset", str(quota.reset)),
        ("RateLimit-Policy", f"{quota.limit};w={quota.window}"),
    ]


def _window(seconds: int) -> tuple[int, int]:
    """(number of the current window, seconds until it ends)."""
    moment = int(time.time())
    return moment // seconds, seconds - moment % seconds
