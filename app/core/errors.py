"""Errors a person can act on; each knows its HTTP status and turns into an RFC 9457 problem."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One field and what is wrong with it."""

    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "message": self.message}


class TradeError(Exception):
    """Base of all errors meant for people. `detail` says what happened, to what, and what to do."""

    status = 500
    kind = "internal"
    title = "Something went wrong"

    def __init__(self, detail: str = "", errors: list[FieldError] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []

    def problem(self, request_id: str | None = None) -> dict[str, Any]:
        """The RFC 9457 body."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.as_dict() for error in self.errors]
        if request_id:
            body["request_id"] = request_id
        return body


class Invalid(TradeError):
    """What was sent does not make sense; `errors` names the fields."""

    status, kind, title = 422, "invalid", "Please correct the marked fields"


class BadRequest(TradeError):
    """The request itself is malformed."""

    status, kind, title = 400, "bad-request", "The request could not be read"


class Unauthenticated(TradeError):
    """Nobody is signed in, or the sign-in has ended."""

    status, kind, title = 401, "unauthenticated", "Please sign in"


class Forbidden(TradeError):
    """Signed in, but the role does not allow it; `permission` names what was missing, if it was one."""

    status, kind, title = 403, "forbidden", "Your role does not allow this"

    def __init__(self, detail: str = "", permission: str = "") -> None:
        super().__init__(detail)
        self.permission = permission


class NotFound(TradeError):
    """No such thing, or not visible to this person."""

    status, kind, title = 404, "not-found", "Not found"


class Conflict(TradeError):
    """The thing is not in a state that allows this, or the name is taken."""

    status, kind, title = 409, "conflict", "This conflicts with what is already there"


class Stale(Conflict):
    """Somebody changed it meanwhile; the version that was read is no longer the newest."""

    kind, title = "stale", "Somebody changed this meanwhile"


class TooLarge(TradeError):
    """The upload exceeds the limit."""

    status, kind, title = 413, "too-large", "The file is too large"


class TooManyRequests(TradeError):
    """The limit is reached; `retry_after` seconds from now it works again."""

    status, kind, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(TradeError):
    """A part of the appliance does not answer now; nothing was changed."""

    status, kind, title = 503, "unavailable", "Temporarily unavailable"
