"""The period and customer that stay while a person moves between pages: in the address, remembered in a cookie."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from flask import Flask, Response, g, has_request_context, request

from app.web.formatting import short_date, window

COOKIE = "scope"
NAMES = ("from", "to", "customer")
_YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class Scope:
    """What the person is looking at: days as `YYYY-MM-DD` or empty for open ends, a customer id or empty for all."""

    start: str = ""
    end: str = ""
    customer: str = ""

    def as_dict(self) -> dict[str, str]:
        """By address names, without the empty ones."""
        return {name: value for name, value in zip(NAMES, (self.start, self.end, self.customer), strict=True) if value}

    @property
    def period_text(self) -> str:
        """`14 Sep to 3 Oct 1992`, one-sided with an arrow, empty for all time."""
        if self.start and self.end:
            return window(self.start, self.end)
        if self.start:
            return f"{short_date(self.start)} →"
        return f"→ {short_date(self.end)}" if self.end else ""


def from_values(values: Mapping[str, str]) -> Scope:
    """A scope from address or cookie values; what is not a day is ignored."""
    return Scope(_day(values.get("from", "")), _day(values.get("to", "")), values.get("customer", "")[:64])


def current_scope() -> Scope:
    """The scope of this request: a change just sent, else the remembered one."""
    if not has_request_context():
        return Scope()
    if "scope" not in g:
        chosen = request.args if request.args.get("scope") else dict(parse_qsl(request.cookies.get(COOKIE, "")))
        g.scope = from_values(chosen)
    return g.scope


def install(app: Flask) -> None:
    """Remember a scope that was chosen with `?scope=1&from=…&to=…&customer=…`."""

    @app.after_request
    def remember(response: Response) -> Response:
        if request.args.get("scope") and request.method == "GET":
            value = urlencode(current_scope().as_dict())
            response.set_cookie(COOKIE, value, max_age=_YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
        return response


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
