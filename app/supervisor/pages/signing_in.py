"""The pages' own sign-in: one operator, whose password is a secret file; a signed cookie; a limit on guessing."""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import request, session

OPERATOR = "operator"
_MOST_TRIES = 1000
SESSION_LIFETIME = timedelta(hours=12)


class GuessLimit:
    """At most `count` failures within `window`, by address and, ten times as many, in all."""

    def __init__(self, now: Callable[[], datetime], count: int = 5, window: timedelta = timedelta(minutes=10)) -> None:
        self._now, self._count, self._window = now, count, window
        self._failures: list[tuple[datetime, str]] = []
        self._tries: deque[tuple[datetime, str]] = deque(maxlen=_MOST_TRIES)

    def wait(self, address: str) -> timedelta:
        """How long until `address` may try again; zero when it may now."""
        now = self._now()
        self._failures = [(at, who) for at, who in self._failures if now - at < self._window]
        own = [at for at, who in self._failures if who == address]
        waits = [timedelta()]
        if len(own) >= self._count:
            waits.append(own[-self._count] + self._window - now)
        if len(self._failures) >= 10 * self._count:
            waits.append(self._failures[-10 * self._count][0] + self._window - now)
        return max(waits)

    def failed(self, address: str) -> None:
        self._failures.append((self._now(), address))
        self.turned_away(address)

    def turned_away(self, address: str) -> None:
        """A try that was not even looked at, because there were too many."""
        self._tries.append((self._now(), address))

    def tries(self) -> list[str]:
        """The address of each try within the window that failed or was turned away, whatever came of later ones."""
        now = self._now()
        return [who for at, who in self._tries if now - at < self._window]

    def succeeded(self, address: str) -> None:
        self._failures = [(at, who) for at, who in self._failures if who != address]


class OperatorSession:
    """Who is signed in, kept in Flask's signed cookie. A changed password ends every session."""

    def __init__(self, key: bytes, password: Callable[[], str]) -> None:
        self._key, self._password = key, password

    def accepts(self, name: str, password: str) -> bool:
        """Whether these are the operator's name and password; takes as long for any wrong one."""
        right_name = hmac.compare_digest(name.encode(), OPERATOR.encode())
        return hmac.compare_digest(password.encode(), self._password().encode()) and right_name

    def begin(self) -> None:
        session.clear()
        session.permanent = True
        session["fits"] = self._fingerprint()
        session["csrf"] = secrets.token_urlsafe(24)

    def end(self) -> None:
        session.clear()

    @property
    def signed_in(self) -> bool:
        return hmac.compare_digest(str(session.get("fits", "")), self._fingerprint())

    def form_is_ours(self, token: str) -> bool:
        """Whether a form was sent from one of our own pages."""
        return bool(session.get("csrf")) and hmac.compare_digest(token, str(session["csrf"]))

    @property
    def sends_password(self) -> bool:
        """Whether this request carries the operator's name and password itself (commands do)."""
        sent = request.authorization
        return sent is not None and sent.type == "basic" and self.accepts(sent.username or "", sent.password or "")

    def _fingerprint(self) -> str:
        return hmac.new(self._key, self._password().encode(), hashlib.sha256).hexdigest()
