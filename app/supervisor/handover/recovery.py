"""What is known of backups: the newest one, its copy elsewhere, the last restore that proved one, and the last load test."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from app.backup.reports import Report
from app.backup.shelf import Backup
from app.supervisor.handover.evidence import Copied, LoadTest, Proven, Saved

_LOAD = "load"
Recovery = tuple[Saved | None, Copied | None, Proven | None, LoadTest | None]


class Backups(Protocol):
    """The supervisor's view of BACKUP_DIR; `Clerk` in earnest."""

    def backups(self) -> list[Backup]: ...
    def reports(self) -> list[Report]: ...


def recovery(backups: Backups) -> Recovery:
    """All four, each None when there is none. Raises OSError when the folder cannot be read."""
    found = backups.backups()
    return saved(found), copied(found), proven(found), load(backups.reports())


def saved(backups: Sequence[Backup]) -> Saved | None:
    """The newest that can be used."""
    made = next((backup.manifest for backup in backups if backup.manifest), None)
    if made is None:
        return None
    took = (made.ended_at - made.started_at).total_seconds()
    return Saved(made.id, made.ended_at, took, made.size, made.documents, made.server_version)


def copied(backups: Sequence[Backup]) -> Copied | None:
    """The newest copy elsewhere."""
    found = [
        Copied(backup.id, _moment(backup.copied["at"]), str(backup.copied.get("target", "?")))
        for backup in backups
        if backup.copied and "at" in backup.copied
    ]
    return max(found, key=lambda one: one.at, default=None)


def proven(backups: Sequence[Backup]) -> Proven | None:
    """The newest proof, good or bad: a good one from before a bad one proves nothing any more."""
    found = [_proof(backup.id, backup.proof) for backup in backups if backup.proof and "at" in backup.proof]
    return max(found, key=lambda one: one.at, default=None)


def load(reports: Sequence[Report]) -> LoadTest | None:
    """The load step of the newest test that got so far."""
    for report in sorted(reports, key=lambda one: one.began_at, reverse=True):
        for step in report.steps:
            if step.name == _LOAD:
                return LoadTest(report.id, step.began_at, step.outcome == "good", step.text)
    return None


def _proof(backup_id: str, proof: dict[str, Any]) -> Proven:
    return Proven(
        id=backup_id,
        at=_moment(proof["at"]),
        ok=bool(proof.get("ok")),
        reason=str(proof.get("reason", "")),
        seconds=float(proof.get("seconds", 0)),
        restore_seconds=float(proof.get("restore_seconds", 0)),
        documents=int(proof.get("documents", 0)),
        collections=int(proof.get("collections", 0)),
    )


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
