"""Who is acting in this request; set by the sign-in check before any view runs."""

from flask import g

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.errors import Unauthenticated


def principal() -> Principal:
    """The signed-in person of this request; raises Unauthenticated when there is none."""
    found = g.get("principal")
    if found is None:
        raise Unauthenticated("Sign in first: with the page, or with a Bearer token from /api/v1/auth/token.")
    return found


def may(permission: Permission) -> Principal:
    """The signed-in person, who has `permission`; raises Unauthenticated or Forbidden."""
    person = principal()
    require(person, permission)
    return person
