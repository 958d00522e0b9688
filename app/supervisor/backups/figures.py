"""The figures that alerts, doctor and calendar look at. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.backup.records import Record
from app.backup.reports import Report
from app.backup.shelf import Backup
from app.core.i18n import _
from app.supervisor.events import Measured

_HOUR = 3600.0
# Kind of the record, and what its figures begin with.
_DATED = (("code", "code_backup"), ("system", "system_backup"))
_HOST = (("configuration", "settings_backup"), *_DATED, ("reread", "reread"), ("update", "update"))


def figures(
    backups: Sequence[Backup],
    records: Sequence[Record],
    since: datetime,
    now: datetime,
    unfinished: str = "",
    reports: Sequence[Report] = (),
) -> Iterator[Measured]:
    """Both newest first; `since` is when the schedule began: until the first backup its age is the schedule's.

    `unfinished` names the backup of a restore that neither settled nor went back and at which nobody works.
    """
    made = [backup.manifest for backup in backups if backup.manifest]
    newest = made[0].ended_at if made else since
    yield Measured("backup_age_h", (now - newest).total_seconds() / _HOUR, detail=made[0].id if made else _("there is none yet"))
    yield _failed("backup_failed", _last("backup", records))
    if len(made) > 1:
        shrunk = max(1 - made[0].documents / made[1].documents, 0.0) if made[1].documents else 0.0
        detail = _("{now} documents, {before} before", now=made[0].documents, before=made[1].documents)
        yield Measured("backup_shrunk_share", shrunk, detail=detail)
    proven = [datetime.fromisoformat(backup.proof["at"]) for backup in backups if backup.proof and backup.proven]
    if made:
        age = now - (max(proven) if proven else min(since, made[-1].ended_at))
        yield Measured("proof_age_days", age.total_seconds() / (24 * _HOUR))
    yield _failed("drill_failed", _last("drill", records))
    damaged = [backup.id for backup in backups if backup.proof and backup.proof.get("damaged")]
    yield Measured("verify_failed", float(len(damaged)), detail=", ".join(damaged))
    yield from _elsewhere(records, now)
    yield from _of_the_host(records, since, now)
    yield Measured("restore_unfinished", float(bool(unfinished)), detail=unfinished)
    yield _failed("restore_failed", next((record for record in records if record.kind == "restore" and _tried(record)), None))
    yield _failed("retention_refused", _last("prune", records))
    if reports:
        age_days = (now - reports[0].ended_at).total_seconds() / (24 * _HOUR)
        yield Measured("recovery_test_age_days", age_days, detail=reports[0].id)
        yield Measured("recovery_test_failed", float(not reports[0].good), detail=reports[0].id)


def _elsewhere(records: Sequence[Record], now: datetime) -> Iterator[Measured]:
    """Copies of the backups off the machine."""
    copied = next((record for record in records if record.kind == "offsite" and record.ok), None)
    if copied is not None:
        yield Measured("offsite_age_h", (now - copied.ended_at).total_seconds() / _HOUR, detail=copied.about)
    last, made = _last("offsite", records), next((one for one in records if one.kind == "backup" and one.ok), None)
    # A backup made since without a try to copy it: no place is set any more.
    forgotten = last is not None and made is not None and last.began_at < made.began_at
    yield _failed("offsite_failed", None if forgotten else last)


def _of_the_host(records: Sequence[Record], since: datetime, now: datetime) -> Iterator[Measured]:
    """What scripts on the host do. Until the first of a kind its age is the schedule's: one that was never made is late too."""
    for kind, name in _HOST:
        yield _failed(f"{name}_failed", _last(kind, records))
    for kind, name in _DATED:
        made = next((record for record in records if record.kind == kind and record.ok), None)
        age = (now - (made.ended_at if made else since)).total_seconds() / (24 * _HOUR)
        yield Measured(f"{name}_age_days", age, detail=made.text if made else _("there is none yet"))


def _last(kind: str, records: Sequence[Record]) -> Record | None:
    """The newest that was begun: one refused because another was at work says nothing of backups."""
    return next((record for record in records if record.kind == kind and not record.refused), None)


def _tried(record: Record) -> bool:
    """Whether a restore got beyond the preflight, which changes nothing and is refused to the person who asked."""
    return "safety" in record.facts or record.facts.get("error") in {"restore-failed", "internal"}


def _failed(name: str, last: Record | None) -> Measured:
    failed = last is not None and not last.ok
    return Measured(name, float(failed), detail=last.text if last and failed else "")
