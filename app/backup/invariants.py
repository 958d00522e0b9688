"""What restored data must fulfil by itself, whatever it was: the audit trail is one unbroken chain."""

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from app.access.audit.rules import Break, Link, follow
from app.backup.errors import DrillFailed
from app.backup.server import Server
from app.core.i18n import _

AUDIT = "audit"


def audit_chain(server: Server, database: str) -> str:
    """Walk the restored trail from its first entry; what is wrong with it, "" when it is whole."""
    try:
        with server.client() as client:
            return broken_chain(client[database][AUDIT])
    except PyMongoError as error:
        raise DrillFailed(_("The throwaway database failed: {reason}", reason=str(error).split(",")[0])) from error


def broken_chain(trail: Collection[Any]) -> str:
    """The same for a trail under any name. Raises PyMongoError."""
    link = Link()
    for entry in trail.find().sort("_id", 1):
        step = follow(link, entry)
        if isinstance(step, Break):
            return _("audit trail: {reason}", reason=step.reason)
        link = step
    return ""
