"""Access tokens: signed JWTs of 15 minutes that say who acts, read without asking the database."""

from dataclasses import dataclass
from typing import Any

import jwt

from app.access import keys
from app.access.models import Principal, Role
from app.access.users.models import User
from app.core.clock import now
from app.core.errors import Unauthenticated

ACCESS_SECONDS = 15 * 60
_ISSUER = "tradeai"
_ALGORITHM = "HS256"
# `exp` is compared on every read, by the application's own clock.
_OPTIONS: Any = {"require": ["sub", "exp", "iat", "iss"], "verify_exp": False}
_VERIFIED_MOST = 5000


@dataclass(frozen=True)
class Claims:
    """What a valid access token says. `session_id` is empty for tokens that belong to no session."""

    principal: Principal
    session_id: str
    token_version: int
    must_change_password: bool
    expires_at: int


_verified: dict[str, Claims] = {}


def access_token_for(user: User, session_id: str = "") -> str:
    """A signed access token for `user`, bound to the session when one is given."""
    kid, key = keys.signing()
    issued = int(now().timestamp())
    body: dict[str, Any] = {
        "iss": _ISSUER,
        "sub": user.user_id,
        "sid": session_id,
        "name": user.name,
        "email": user.email,
        "role": user.role.value,
        "tv": user.token_version,
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
    }
    if user.must_change_password:
        body["mcp"] = True
    return jwt.encode(body, key, algorithm=_ALGORITHM, headers={"kid": kid})


def read(token: str) -> Claims:
    """The claims of a token that we signed and that has not expired; raises Unauthenticated otherwise.

    A token that this process has verified is not verified again; whether its session still counts is asked elsewhere.
    """
    claims = _verified.get(token)
    if claims is None:
        claims = _verify(token)
        if len(_verified) >= _VERIFIED_MOST:
            _verified.clear()
        _verified[token] = claims
    if claims.expires_at <= now().timestamp():
        raise Unauthenticated("The access token has expired. Get a new one from /api/v1/auth/refresh.")
    return claims


def forget() -> None:
    """Verify every token again: keys have changed."""
    _verified.clear()


def _verify(token: str) -> Claims:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.verifying(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unauthenticated("The access token was signed with a key that is not in use. Sign in again.")
        body = jwt.decode(token, key, algorithms=[_ALGORITHM], issuer=_ISSUER, options=_OPTIONS)
        return Claims(
            principal=Principal(body["sub"], body["name"], body["email"], Role(body["role"])),
            session_id=str(body.get("sid", "")),
            token_version=int(body["tv"]),
            must_change_password=bool(body.get("mcp", False)),
            expires_at=int(body["exp"]),
        )
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
        raise Unauthenticated("The access token is not valid. Sign in again.") from error
