"""Counting failed sign-ins in Redis, atomically, per account and per address.

An attempt is counted as a failure before the password is looked at, and uncounted when it was right; so any number of
parallel guesses gets no more than the allowed tries. An account's failures from addresses where its person has signed in
before are counted apart: a stranger who fails on purpose locks out strangers, not the person.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from app.access import keys
from app.access.sign_in.rules import ACCOUNT_FAILURES, ADDRESS_FAILURES, WINDOW_SECONDS, wait_seconds
from app.access.users.rules import email_key
from app.core.logging import get_logger
from app.core.redis import client

_KNOWN_SECONDS = 90 * 24 * 3600
_KNOWN_MOST = 20
# The failure counter outlives the window while locked, so that the waiting time keeps doubling for whoever goes on.
_REMEMBER_SECONDS = 2 * 3600

# KEYS: fail, lock for each bucket; ARGV: window, remember, then allowed for each bucket, then the waits as one list.
_RESERVE = """
local n = #KEYS / 2
for i = 1, n do
  local left = redis.call('PTTL', KEYS[2 * i])
  if left > 0 then return {i, left, 0} end
end
local locked = 0
for i = 1, n do
  local allowed = tonumber(ARGV[2 + i])
  local count = redis.call('INCR', KEYS[2 * i - 1])
  local beyond = count - allowed
  if beyond >= 0 then
    local waits = #ARGV - 2 - n
    local wait = ARGV[2 + n + math.min(beyond + 1, waits)]
    redis.call('SET', KEYS[2 * i], '1', 'EX', wait)
    redis.call('EXPIRE', KEYS[2 * i - 1], ARGV[2])
    locked = locked + i
  else
    redis.call('EXPIRE', KEYS[2 * i - 1], ARGV[1])
  end
end
return {0, 0, locked}
"""
_WAITS = [wait_seconds(ACCOUNT_FAILURES + beyond, ACCOUNT_FAILURES) for beyond in range(8)]

log = get_logger(__name__)


@dataclass(frozen=True)
class Attempt:
    """A counted try. `wait` > 0: refused, come back after so many seconds. `locks`: the buckets that it locks if it fails
    (1 the account, 2 the address, 3 both), 0 for none."""

    buckets: tuple[tuple[str, int], ...]
    wait: int = 0
    locks: int = 0


def fingerprint(email: str) -> str:
    """What stands for an address in Redis and in the audit trail: tells the same one again, does not tell which."""
    return hmac.digest(keys.derived("sign-in address"), email_key(email).encode(), hashlib.sha256).hex()[:24]


def reserve(email: str, address: str) -> Attempt:
    """Count one attempt, or learn how long to wait. With Redis away each process counts for itself."""
    account = fingerprint(email)
    try:
        known = bool(client().sismember(f"signin:known:{account}", address))
        buckets = (
            (f"signin:account:{account}" + (f":{address}" if known else ""), ACCOUNT_FAILURES),
            (f"signin:address:{address}", ADDRESS_FAILURES),
        )
        names = [name for bucket, _ in buckets for name in (f"{bucket}:failures", f"{bucket}:lock")]
        refused, left, locks = client().eval(
            _RESERVE, len(names), *names, WINDOW_SECONDS, _REMEMBER_SECONDS, *(allowed for _, allowed in buckets), *_WAITS
        )
    except RedisError as error:
        log.warning("sign-ins are counted in this process only", error=str(error))
        return _alone.reserve(account, address)
    if refused:
        return Attempt(buckets, wait=max(1, -(-int(left) // 1000)))
    return Attempt(buckets, locks=int(locks))


def succeeded(attempt: Attempt, email: str, address: str) -> None:
    """The password was right: forget the account's failures, uncount this one at the address, know the address from now on."""
    account = fingerprint(email)
    _alone.forget(account)
    known = f"signin:known:{account}"
    try:
        pipe = client().pipeline(transaction=True)
        for bucket, allowed in attempt.buckets:
            if allowed == ACCOUNT_FAILURES:
                pipe.delete(f"{bucket}:failures", f"{bucket}:lock")
            else:
                pipe.decr(f"{bucket}:failures")
                pipe.expire(f"{bucket}:failures", WINDOW_SECONDS)
                if attempt.locks & 2:
                    pipe.delete(f"{bucket}:lock")
        pipe.sadd(known, address)
        pipe.expire(known, _KNOWN_SECONDS)
        pipe.scard(known)
        if pipe.execute()[-1] > _KNOWN_MOST:
            client().spop(known)
    except RedisError as error:
        log.warning("sign-in counters not cleared", error=str(error))


def unlock(email: str) -> None:
    """Forget an account's failures wherever they came from (an administrator reset the password)."""
    account = fingerprint(email)
    _alone.forget(account)
    try:
        found = list(client().scan_iter(match=f"signin:account:{account}*", count=1000))
        if found:
            client().delete(*found)
    except RedisError as error:
        log.warning("sign-in counters not cleared", error=str(error))


class Alone:
    """The same counting within one process, for the minutes while Redis is away; address and account in one count each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def reserve(self, account: str, address: str) -> Attempt:
        """Count one attempt for the account; the address is not held against others here."""
        at = self._clock()
        with self._lock:
            if len(self._failures) > 10_000:
                self._failures = {name: held for name, held in self._failures.items() if held[1] > at}
            count, until = self._failures.get(account, (0, 0.0))
            if count >= ACCOUNT_FAILURES and until > at:
                return Attempt((), wait=max(1, int(until - at)))
            if until <= at and count < ACCOUNT_FAILURES:
                count = 0
            count += 1
            wait = wait_seconds(count, ACCOUNT_FAILURES)
            self._failures[account] = (count, at + (wait or WINDOW_SECONDS))
            return Attempt((), locks=1 if wait else 0)

    def forget(self, account: str) -> None:
        """The password was right."""
        with self._lock:
            self._failures.pop(account, None)


_alone = Alone()
