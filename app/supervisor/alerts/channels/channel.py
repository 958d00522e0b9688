"""What a channel is, and how it says that a message did not get through."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from app.core.http import open_client
from app.supervisor.alerts.grouping import Message

_GIVEN_UP = range(400, 500)
_COME_BACK = frozenset({408, 409, 423, 425, 429})


class NotSent(Exception):
    """The receiver did not take it. `permanent`: it would not take it later either; `retry_after`: seconds it asked for."""

    def __init__(self, text: str, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.permanent, self.retry_after = permanent, retry_after


class Channel(Protocol):
    """One way out. `send` returns when the receiver has taken the message, and raises NotSent otherwise.

    `address` is for people: where it leads, without anything secret.
    """

    name: str
    address: str

    def send(self, message: Message) -> None: ...


def post(url: str, timeout_seconds: float, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
    """POST `body` (httpx's `json=` or `content=`). Raises NotSent, which never shows the address: it may be a secret."""
    try:
        with open_client(timeout_seconds=timeout_seconds) as http:
            answer = http.post(url, headers=dict(headers or {}), **body)
    except httpx.TimeoutException as error:
        raise NotSent(f"no answer within {timeout_seconds:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error).replace(url, "(the address)")
        raise NotSent(f"{type(error).__name__}: {reason}"[:300]) from error
    if answer.is_success:
        return answer
    permanent = answer.status_code in _GIVEN_UP and answer.status_code not in _COME_BACK
    text = f"it answered {answer.status_code} {answer.reason_phrase}: {answer.text[:200].strip()}".rstrip(": ")
    raise NotSent(text, permanent, retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC)))


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which holds either seconds or a date; None when it says nothing sensible."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def host_of(url: str) -> str:
    """Scheme and host of an address: the rest may be a secret."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "(unreadable address)"
    return f"{parsed.scheme}://{parsed.host}/…" if parsed.host else f"{parsed.scheme}://…"
