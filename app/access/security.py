"""Which refusals the supervisor should hear of: burst of forbidden requests, and reaching for an administrator's rights."""

from app.access.models import Permission
from app.core.errors import Forbidden
from app.core.security_events import Kind, report

_OF_ADMINISTRATORS = frozenset({Permission.USERS_WRITE.value})


def refused(error: Forbidden, user_id: str, address: str, endpoint: str) -> None:
    """A signed-in person met `error`. `endpoint` is the address's pattern: paths may hold what is nobody's business."""
    kind = Kind.PRIVILEGE_ATTEMPT if error.permission in _OF_ADMINISTRATORS else Kind.ACCESS_REFUSED
    report(kind, user_id, permission=error.permission, address=address, endpoint=endpoint)


def role_changed(who: str, user_id: str, before: str, after: str) -> None:
    """Somebody has other rights now; `before` is "" for a new person."""
    report(Kind.PRIVILEGE_CHANGED, user_id, by=who, before=before, after=after)
