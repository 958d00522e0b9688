"""What retention would keep and delete of the backups on the disk."""

from datetime import datetime

from app.backup.retention import Kept, Verdict, retention
from app.backup.shelf import Shelf


def verdicts(shelf: Shelf, now: datetime) -> list[Verdict]:
    """Newest first. What cannot be read has no verdict: it is never deleted, a person must look. Raises RetentionRefused."""
    readable = [backup for backup in shelf.backups() if backup.manifest]
    return retention([Kept(one.id, one.manifest.started_at, one.proven) for one in readable if one.manifest], now)
