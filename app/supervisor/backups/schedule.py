"""When a backup, a drill and a clearing-out are due. Pure: from what was done and the time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.backup.records import Record

_BACKUP_HOUR, _DRILL_HOUR = 2, 3  # UTC
_SUNDAY = 6
_RETRY = timedelta(hours=1)
_RETRIES = 3
SCHEDULE = "schedule"


def last_night(now: datetime) -> datetime:
    """The last moment at which the daily backup was due."""
    due = now.replace(hour=_BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return due if due <= now else due - timedelta(days=1)


def last_sunday(now: datetime) -> datetime:
    """The last moment at which the weekly drill was due."""
    due = now.replace(hour=_DRILL_HOUR, minute=0, second=0, microsecond=0)
    due -= timedelta(days=(now.weekday() - _SUNDAY) % 7)
    return due if due <= now else due - timedelta(days=7)


def due(records: Sequence[Record], since: datetime, now: datetime) -> tuple[str, ...]:
    """What to order now, of "backup", "prune" and "drill", in that order; `since` is when the schedule began.

    A run by hand or by cron counts as well. What failed is tried again after an hour, three times; then tomorrow.
    """
    wanted: list[str] = []
    if _is_due(records, "backup", last_night(now), since, now):
        wanted += ["backup", "prune"]
    made = any(record.kind == "backup" and record.ok for record in records)
    if made and _is_due(records, "drill", last_sunday(now), since, now):
        wanted.append("drill")
    return tuple(wanted)


def _is_due(records: Sequence[Record], kind: str, at: datetime, since: datetime, now: datetime) -> bool:
    if at < since:
        return False
    tried = [record for record in records if record.kind == kind and record.began_at >= at]
    if any(record.ok for record in tried) or len(tried) > _RETRIES:
        return False
    return not tried or now - max(record.ended_at for record in tried) >= _RETRY
