"""CSRF tokens: signed, bound to the session (or to the browser before sign-in), different on every page.

Required on every request that changes something and is authenticated by cookie, in the form field `csrf_token` or the header
`X-CSRF-Token`. Requests with a Bearer token need none: no browser adds that header by itself.
"""

import base64
import hashlib
import hmac
import secrets

from flask import g, request

from app.access import cookies, keys
from app.core.errors import Forbidden

HEADER, FIELD = "X-CSRF-Token", "csrf_token"
_NONCE_BYTES = 9


def token() -> str:
    """A token for this request's session or browser; templates call it as `csrf_token()`."""
    held = g.get("csrf_token")
    if held is None:
        held = g.csrf_token = sign(_bound_to(), secrets.token_bytes(_NONCE_BYTES))
    return str(held)


def sign(bound_to: str, nonce: bytes) -> str:
    """`nonce` and its signature for `bound_to`, in base64. The nonce keeps compressed pages from leaking the token."""
    mac = hmac.digest(keys.derived("csrf"), nonce + bound_to.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(nonce + mac).decode()


def valid(given: str, bound_to: str) -> bool:
    """Whether we signed `given` for `bound_to`."""
    try:
        nonce = base64.urlsafe_b64decode(given.encode())[:_NONCE_BYTES]
    except ValueError:
        return False
    return hmac.compare_digest(sign(bound_to, nonce).encode(), given.encode())


def demand() -> None:
    """Raise Forbidden unless the request carries a token for its session or browser."""
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    bound_to = g.get("session_id") or cookies.visitor()
    if not bound_to or not valid(given, bound_to):
        raise Forbidden("This page was open too long or was not opened here, so nothing was changed. Reload it and try again.")


def _bound_to() -> str:
    session_id = g.get("session_id")
    if session_id:
        return str(session_id)
    known = cookies.visitor()
    if known:
        return known
    if not g.get("new_visitor"):
        g.new_visitor = secrets.token_urlsafe(18)
    return str(g.new_visitor)
