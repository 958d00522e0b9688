"""HTTP for signing in: tokens, refresh, sign-out, oneself, and tickets for the WebSocket."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, jsonify, make_response, request

from app.access import cookies, limits, tickets
from app.access.permissions import TABLE
from app.access.sessions import service as sessions
from app.access.sessions.service import Opened
from app.access.sign_in import service
from app.access.sign_in.models import Credentials, Me, NewPassword, RefreshRequest, Ticket, TokenPair
from app.access.signed_in import principal
from app.access.tokens import ACCESS_SECONDS
from app.access.users import service as users
from app.core.errors import BadRequest

auth = APIBlueprint("auth_api", __name__, url_prefix="/api/v1/auth", tag="Sign-in")
realtime = APIBlueprint("realtime_api", __name__, url_prefix="/api/v1/realtime", tag="Realtime")
blueprints = (auth, realtime)


@auth.post("/token")
@auth.input(Credentials, location="json")
@auth.output(TokenPair)
@auth.doc(summary="Sign in", responses=[401, 429])
def token(json_data: Credentials) -> dict[str, Any]:
    """Email and password for a pair of tokens. The same 401 for a wrong address, a wrong password and a deactivated account."""
    limits.enforce_sign_in(g.address)
    opened = service.sign_in(json_data.email, json_data.password, g.address, request.user_agent.string)
    return _pair(opened)


@auth.post("/refresh")
@auth.input(RefreshRequest, location="json")
@auth.output(TokenPair)
@auth.doc(summary="Next pair of tokens", responses=[401, 429])
def refresh(json_data: RefreshRequest) -> dict[str, Any]:
    """A refresh token for the next pair. A token that was used before ends its session: somebody else may hold a copy."""
    return _pair(sessions.refresh(json_data.refresh_token))


@auth.post("/sign-out")
@auth.doc(summary="Sign out", responses=[204])
def sign_out() -> Response:
    """End the session of the Bearer token, of the cookies, or of `refresh_token` in the body. Always 204."""
    if g.principal is not None and g.session_id:
        sessions.end(g.principal, g.session_id)
    body = request.get_json(silent=True) if request.is_json else None
    if isinstance(body, dict) and "refresh_token" in body:
        given = body["refresh_token"]
        if not isinstance(given, str) or len(given) > 200:
            raise BadRequest("refresh_token must be the text that the sign-in gave.")
        sessions.end_by_refresh_token(given)
    response = make_response("", 204)
    if g.signed_in_by == "cookie":
        g.renewed = None
        cookies.take_back(response)
    return response


@auth.get("/me")
@auth.output(Me)
@auth.doc(summary="Who am I", responses=[401])
def me() -> dict[str, Any]:
    """The signed-in person with what the role allows."""
    person = users.get(principal(), principal().user_id)
    return {
        "id": person.user_id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "permissions": sorted(permission.value for permission in TABLE[person.role]),
        "must_change_password": person.must_change_password,
    }


@auth.post("/password")
@auth.input(NewPassword, location="json")
@auth.output(TokenPair)
@auth.doc(summary="Change the own password", responses=[401, 422, 429])
def password(json_data: NewPassword) -> Any:
    """A new password for oneself. Ends every other session and gives fresh tokens for this one."""
    limits.enforce_sign_in(g.address)
    opened = service.change_password(principal(), json_data.current_password, json_data.new_password, g.session_id, g.address)
    if opened is None:
        opened = service.sign_in(principal().email, json_data.new_password, g.address, request.user_agent.string)
    if g.signed_in_by == "cookie":
        g.renewed = opened
    return _pair(opened)


@realtime.post("/ticket")
@realtime.output(Ticket)
@realtime.doc(summary="One-time ticket for the WebSocket", responses=[401])
def ticket() -> Response:
    """A ticket that signs one WebSocket in: send {"type": "sign-in", "ticket": ...} within 30 seconds."""
    return jsonify(ticket=tickets.issue(principal(), g.session_id), expires_in=tickets.SECONDS)


def _pair(opened: Opened) -> dict[str, Any]:
    return {
        "access_token": opened.access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": opened.refresh_token,
        "refresh_expires_in": opened.refresh_seconds,
        "must_change_password": opened.user.must_change_password,
    }
