"""How many requests one person or address may make: counted in Redis per fixed window, together with the session check.

One round trip answers both, because every request pays for it (docs/decisions/0022). While Redis is away nothing is counted
here; nginx's own limits stay.
"""

import time
from dataclasses import dataclass

from flask import Response
from redis.exceptions import RedisError

from app.access.sessions import liveness
from app.core.errors import TooManyRequests
from app.core.logging import get_logger
from app.core.redis import client
from app.core.settings import settings

HOUR = 3600
SIGN_IN_WINDOW = 60
SIGN_INS_PER_ADDRESS = 120
_AWAY_SECONDS = 1.0

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
    """What Redis said about a request: `known` for liveness.check, `quota` for the headers; both None while it is away."""

    known: list[str | None] | None
    quota: Quota | None


def ask(counted: str, user_id: str = "", session_id: str = "") -> Answer:
    """Count a request of `counted` (a user id or an address) and read what Redis knows of the session."""
    global _away_until
    if time.monotonic() < _away_until:
        return Answer(None, None)
    number, left = _window(HOUR)
    key = f"rate:{counted}:{number}"
    try:
        pipe = client().pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, left + 60)
        if user_id:
            pipe.mget(liveness.user_key(user_id), liveness.session_key(session_id))
        answers = pipe.execute()
    except RedisError as error:
        _away_until = time.monotonic() + _AWAY_SECONDS  # a request in a second finds out whether it is back
        log.error("requests are not counted, Redis is away", error=str(error))
        return Answer(None, None)
    quota = Quota(settings().hourly_requests, int(answers[0]), left, HOUR)
    return Answer(list(answers[2]) if user_id else None, quota)


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
        response.headers["RateLimit-Limit"] = str(quota.limit)
        response.headers["RateLimit-Remaining"] = str(quota.remaining)
        response.headers["RateLimit-Reset"] = str(quota.reset)
        response.headers["RateLimit-Policy"] = f"{quota.limit};w={quota.window}"


def _window(seconds: int) -> tuple[int, int]:
    """(number of the current window, seconds until it ends)."""
    moment = int(time.time())
    return moment // seconds, seconds - moment % seconds
