"""Decisions of the realtime server as pure functions: who may hear what, which page may connect, what was missed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.access.models import Permission as P
from app.core.jobs import person_topic

StreamId = tuple[int, int]
START: StreamId = (0, 0)

_SUBJECTS: dict[str, P] = {
    "customers": P.CUSTOMERS_READ,
    "products": P.PRODUCTS_READ,
    "sales": P.SALES_READ,
    "imports": P.SALES_READ,
    "promotions": P.PROMOTIONS_READ,
    "models": P.AI_READ,
    "users": P.USERS_READ,
}
_WITH_IDS = frozenset({"imports", "promotions", "models", "jobs"})
_LONGEST_TOPIC = 80


def permission_for(topic: str) -> P | None:
    """The permission that `topic` needs; None when there is no such topic, or it is a job's (see `may_watch_job`)."""
    subject, _, identity = topic.partition("/")
    if identity and subject not in _WITH_IDS:
        return None
    return _SUBJECTS.get(subject)


def is_own(topic: str, user_id: str) -> bool:
    """Whether `topic` is the person's own, which nobody else may hear whatever their role."""
    return bool(user_id) and topic == person_topic(user_id)


def job_of(topic: str) -> str | None:
    """The job id of a `jobs/<id>` topic."""
    subject, _, identity = topic.partition("/")
    return identity if subject == "jobs" and identity and "/" not in identity else None


def well_formed(topic: object) -> bool:
    """Whether `topic` can be a topic at all."""
    return isinstance(topic, str) and 0 < len(topic) <= _LONGEST_TOPIC and topic.isprintable() and topic.count("/") <= 1


def may_watch_job(user_id: str, permissions: frozenset[P], job_who: str, job_topic: str) -> bool:
    """Whoever started a job may watch it, operators may, and so may those who may see what the job works on."""
    needed = permission_for(job_topic) if job_topic else None
    return user_id == job_who or P.OPERATIONS_READ in permissions or (needed is not None and needed in permissions)


def origin_allowed(origin: str | None, host: str | None, extra: frozenset[str] = frozenset()) -> bool:
    """Whether a page of `origin` may connect to `host`. Programs send no origin; a browser always does."""
    if origin is None or origin in extra:
        return True
    if not host:
        return False
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        ports = (page.port or _default_port(page.scheme), here.port)
    except ValueError:
        return False
    if page.scheme not in {"http", "https"} or page.hostname is None or page.hostname != here.hostname:
        return False
    # A host without a port is the default port of the page's own scheme: TLS ends before this server.
    return ports[1] is None or ports[0] == ports[1]


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def parse_id(text: object) -> StreamId | None:
    """`1772442000000-3` as numbers that compare as Redis orders them; None when it is no stream id."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    moment, dash, number = text.partition("-")
    if not (dash and moment.isascii() and moment.isdigit() and number.isascii() and number.isdigit()):
        return None
    return int(moment), int(number)


def write_id(stream_id: StreamId) -> str:
    """As Redis and the clients write it."""
    return f"{stream_id[0]}-{stream_id[1]}"


def ends_sign_in(kind: str, data: dict[str, Any], user_id: str, session_id: str) -> bool:
    """Whether a `security` event ends the sign-in of `user_id` with `session_id` (empty when signed in without one)."""
    if data.get("user_id") != user_id:
        return False
    if kind == "session.ended":
        return not session_id or data.get("session_id") == session_id
    if kind == "user.changed":
        return not session_id or data.get("kept") != session_id
    return False


@dataclass(frozen=True)
class Kept:
    """What the stream still holds: its first entry (None when empty), how many, and how many it ever got."""

    first: StreamId | None
    length: int
    added: int


def missed_something(since: StreamId, kept: Kept) -> bool:
    """Whether events after `since` may be gone, so that the client has to load its data again.

    The entry `since` itself need not be kept: only what came after it matters, but that is certain only while an
    entry as old as `since` is still there, or nothing was ever dropped.
    """
    if kept.first is not None and kept.first <= since:
        return False
    if since == START:
        return kept.added > kept.length
    # `since` was an event's id once and is not there now: the stream was trimmed past it, or emptied.
    return True


@dataclass
class Allowance:
    """Messages a socket may send: `burst` at once, then `per_second`."""

    per_second: float
    burst: float
    level: float
    at: float

    def take(self, moment: float) -> bool:
        """Whether one more message at `moment` (seconds) is within the allowance."""
        self.level = min(self.burst, self.level + (moment - self.at) * self.per_second)
        self.at = moment
        if self.level < 1:
            return False
        self.level -= 1
        return True
