"""When a backup, a drill and a clearing-out are due. Pure: from what was done and the time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.backup.records import Record
from app.backup.shelf import Backup

_BACKUP_HOUR, _DRILL_HOUR = 2, 3  # UTC
_SUNDAY = 6
_RETRY = timedelta(hours=1)
_RETRIES = 3
_LOOK_AGAIN = timedelta(days=30)
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


def to_look_at_again(backups: Sequence[Backup], records: Sequence[Record], now: datetime) -> str:
    """The kept backup that nobody has read for the longest time, when that is long ago; "" for none.

    Disks forget: what was whole when it was made need not be whole when it is wanted. One that is known to be damaged is left.
    """
    checked = {record.about: record.ended_at for record in reversed(records) if record.kind == "verify" and record.ok}
    if any(record.kind == "verify" and now - record.ended_at < _RETRY for record in records):
        return ""  # one after the other, so that the next backup need not wait for many
    read: dict[str, datetime] = {}
    for backup in backups:
        if backup.manifest is None or (backup.proof and not backup.proof.get("ok")):
            continue
        proven = [datetime.fromisoformat(backup.proof["at"])] if backup.proof else []
        read[backup.id] = max([backup.manifest.ended_at, *proven, *([checked[backup.id]] if backup.id in checked else [])])
    longest = min(read, key=lambda name: (read[name], name), default="")
    return longest if longest and now - read[longest] >= _LOOK_AGAIN else ""


def _is_due(records: Sequence[Record], kind: str, at: datetime, since: datetime, now: datetime) -> bool:
    if at < since:
        return False
    tried = [record for record in records if record.kind == kind and record.began_at >= at]
    if any(record.ok for record in tried) or len(tried) > _RETRIES:
        return False
    return not tried or now - max(record.ended_at for record in tried) >= _RETRY
