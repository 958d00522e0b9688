"""What restored data must fulfil by itself, whatever it was: the audit trail is one unbroken chain."""

from pymongo.errors import PyMongoError

from app.access.audit.rules import Break, Link, follow
from app.backup.errors import DrillFailed
from app.backup.server import Server
from app.core.i18n import _

AUDIT = "audit"


def audit_chain(server: Server, database: str) -> str:
    """Walk the restored trail from its first entry; what is wrong with it, "" when it is whole."""
    link = Link()
    try:
        with server.client() as client:
            for entry in client[database][AUDIT].find().sort("_id", 1):
                step = follow(link, entry)
                if isinstance(step, Break):
                    return _("audit trail: {reason}", reason=step.reason)
                link = step
    except PyMongoError as error:
        raise DrillFailed(_("The throwaway database failed: {reason}", reason=str(error).split(",")[0])) from error
    return ""
