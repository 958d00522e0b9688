"""The figures that alerts, doctor and calendar look at. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.backup.records import Record
from app.backup.shelf import Backup
from app.core.i18n import _
from app.supervisor.events import Measured

_HOUR = 3600.0


def figures(backups: Sequence[Backup], records: Sequence[Record], since: datetime, now: datetime) -> Iterator[Measured]:
    """Both newest first; `since` is when the schedule began: until the first backup its age is the schedule's."""
    made = [backup.manifest for backup in backups if backup.manifest]
    newest = made[0].ended_at if made else since
    yield Measured("backup_age_h", (now - newest).total_seconds() / _HOUR, detail=made[0].id if made else _("there is none yet"))
    yield _failed("backup_failed", "backup", records)
    if len(made) > 1:
        shrunk = max(1 - made[0].documents / made[1].documents, 0.0) if made[1].documents else 0.0
        detail = _("{now} documents, {before} before", now=made[0].documents, before=made[1].documents)
        yield Measured("backup_shrunk_share", shrunk, detail=detail)
    proven = [datetime.fromisoformat(backup.proof["at"]) for backup in backups if backup.proof and backup.proven]
    if made:
        age = now - (max(proven) if proven else min(since, made[-1].ended_at))
        yield Measured("proof_age_days", age.total_seconds() / (24 * _HOUR))
    yield _failed("drill_failed", "drill", records)
    copied = next((record for record in records if record.kind == "offsite" and record.ok), None)
    if copied is not None:
        yield Measured("offsite_age_h", (now - copied.ended_at).total_seconds() / _HOUR, detail=copied.about)


def _failed(name: str, kind: str, records: Sequence[Record]) -> Measured:
    last = next((record for record in records if record.kind == kind), None)
    failed = last is not None and not last.ok
    return Measured(name, float(failed), detail=last.text if last and failed else "")
