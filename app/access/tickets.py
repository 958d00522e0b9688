"""One-time tickets for the WebSocket: a browser cannot send a Bearer header there, and a token in an address would be logged."""

import json
import secrets
import time
from dataclasses import dataclass

from app.access.models import Principal, Role
from app.core.errors import Unauthenticated
from app.core.redis import client

SECONDS = 30
_LONGEST = 100


@dataclass(frozen=True)
class Redeemed:
    """Whose socket it is; `session_id` is empty when the ticket was made with a token that belongs to no session.

    `issued_at` (Unix seconds): what happened to the person's access since then is not in the ticket.
    """

    principal: Principal
    session_id: str
    issued_at: float


def issue(who: Principal, session_id: str = "") -> str:
    """A ticket that lets whoever shows it within half a minute act as `who` on one socket."""
    ticket = secrets.token_urlsafe(24)
    person = {
        "user_id": who.user_id,
        "name": who.name,
        "email": who.email,
        "role": who.role.value,
        "session_id": session_id,
        "issued_at": time.time(),
    }
    client().set(f"ticket:{ticket}", json.dumps(person), ex=SECONDS)
    return ticket


def redeem(ticket: str) -> Redeemed:
    """Whose ticket it is, once; raises Unauthenticated when it is unknown, used or too old. Needs no request."""
    found = client().getdel(f"ticket:{ticket}") if isinstance(ticket, str) and 0 < len(ticket) <= _LONGEST else None
    if not found:
        raise Unauthenticated(
            "This ticket is unknown, used or older than 30 seconds. Get a new one from /api/v1/realtime/ticket."
        )
    person = json.loads(found)
    who = Principal(person["user_id"], person["name"], person["email"], Role(person["role"]))
    return Redeemed(who, person["session_id"], person["issued_at"])
