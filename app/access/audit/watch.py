"""The chain of the audit trail verified, by the clock or by an operator, and the result told to the supervisor."""

from typing import Any

from app.access.audit import service
from app.core.jobs import Progress
from app.core.security_events import Kind, report

NEWEST = 2000


def verify_newest(progress: Progress) -> dict[str, Any]:
    """The newest entries, each hour: cheap, and finds a tail that was cut off or rewritten."""
    return verify_and_tell(NEWEST).as_dict()


def verify_all(progress: Progress) -> dict[str, Any]:
    """The whole chain, each night."""
    return verify_and_tell(None).as_dict()


def verify_and_tell(newest: int | None) -> service.Verification:
    """The result of `service.verify`; one of the whole chain that holds ends the alert of an earlier one that did not."""
    result = service.verify(newest)
    report(
        Kind.AUDIT_VERIFIED,
        "audit",
        ok=result.ok,
        entries=result.entries,
        whole=newest is None,
        broken_at=result.broken_at,
        reason=result.reason or "",
    )
    return result
