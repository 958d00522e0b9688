"""Errors a caller can act on, each an RFC 9457 problem."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

MOST_FIELD_ERRORS = 50


class Problem(Exception):
    """Base: `detail` says what happened and what to do; `errors` names the fields."""

    status, kind, title = 500, "internal", "Something went wrong"

    def __init__(self, detail: str = "", errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail, self.errors = detail or self.title, errors or []

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        problem: dict[str, Any] = {
            "type": f"/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            problem["errors"] = self.errors
        if request_id:
            problem["request_id"] = request_id
        return problem


class Malformed(Problem):
    """The body is no JSON object."""

    status, kind, title = 400, "bad-request", "The request could not be read"


class Invalid(Problem):
    """A field holds what makes no sense; `errors` names each."""

    status, kind, title = 422, "invalid", "Please correct the named fields"


class TooLarge(Problem):
    status, kind, title = 413, "too-large", "The request is too large"


class NotFound(Problem):
    status, kind, title = 404, "not-found", "Not found"


class Busy(Problem):
    """Something that runs must end first."""

    status, kind, title = 409, "busy", "Please wait"


class NoModel(Problem):
    """Nothing has been trained for this source of sales."""

    status, kind, title = 409, "no-model", "No model has been trained yet"


class NoForecast(Problem):
    """The model in use can tell the past only."""

    status, kind, title = 409, "no-forecast", "The model in use cannot forecast"


class NoEvaluation(Problem):
    """The newest weeks have not been hidden and forecast yet."""

    status, kind, title = 409, "no-evaluation", "Nothing has been evaluated yet"


class NoSales(Problem):
    """The database answers, but has no sales of this source."""

    status, kind, title = 409, "no-sales", "There are no sales to learn from"


class Unavailable(Problem):
    """The database does not answer."""

    status, kind, title = 503, "unavailable", "Temporarily unavailable"


def from_validation(error: ValidationError) -> Problem:
    """Field errors of Pydantic, in dotted paths; values are not echoed."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if any(item["type"] == "json_invalid" for item in found):
        return Malformed("The body is not valid JSON")
    errors = [
        {"field": ".".join(str(step) for step in item["loc"]) or "body", "message": item["msg"].removeprefix("Value error, ")}
        for item in found[:MOST_FIELD_ERRORS]
    ]
    return Invalid(f"{len(found)} field(s) are wrong", errors)
