"""The cookies of a signed-in page: unreadable for scripts, for this site only, under TLS unless the network is trusted."""

from flask import Response, request

from app.access.sessions.service import Opened
from app.access.tokens import ACCESS_SECONDS
from app.core.settings import settings

_ACCESS, _REFRESH, _VISITOR = "tradeai_access", "tradeai_refresh", "tradeai_visitor"


def _named(name: str) -> str:
    """The prefix makes browsers refuse the cookie from another host, another path or without TLS."""
    return f"__Host-{name}" if settings().secure_cookies else name


def access() -> str | None:
    """The access token that the browser sent."""
    return request.cookies.get(_named(_ACCESS))


def refresh() -> str | None:
    """The refresh token that the browser sent."""
    return request.cookies.get(_named(_REFRESH))


def visitor() -> str | None:
    """The random id of a browser that has not signed in; binds the CSRF token of the sign-in form."""
    return request.cookies.get(_named(_VISITOR))


def give(response: Response, opened: Opened) -> None:
    """Hand the session's tokens to the browser."""
    _set(response, _ACCESS, opened.access_token, ACCESS_SECONDS)
    _set(response, _REFRESH, opened.refresh_token, opened.refresh_seconds)


def give_visitor(response: Response, visitor_id: str) -> None:
    """Remember a browser until it closes."""
    _set(response, _VISITOR, visitor_id, None)


def take_back(response: Response) -> None:
    """Make the browser forget the session."""
    for name in (_ACCESS, _REFRESH):
        response.delete_cookie(_named(name), path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax")


def _set(response: Response, name: str, value: str, seconds: int | None) -> None:
    # The refresh cookie has the path / too: pages renew their session within any request, without a detour.
    response.set_cookie(
        _named(name), value, max_age=seconds, path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax"
    )
