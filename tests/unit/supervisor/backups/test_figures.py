"""What alerts are told about the backups."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backup.contents import Collection
from app.backup.manifest import Manifest
from app.backup.records import Record
from app.backup.shelf import Backup
from app.supervisor.backups.figures import figures

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=3)


def made(hours_ago: float, documents: int = 100, proven_hours_ago: float | None = None) -> Backup:
    at = NOW - timedelta(hours=hours_ago)
    manifest = Manifest(f"b{hours_ago}", "schedule", "db", at, at, 1, "", {"c": Collection(documents, "")}, 1, "", "", "", {})
    proof = None if proven_hours_ago is None else {"ok": True, "at": (NOW - timedelta(hours=proven_hours_ago)).isoformat()}
    return Backup(Path(f"b{hours_ago}"), manifest, "", proof)


def tell(backups: Sequence[Backup], records: Sequence[Record] = ()) -> dict[str, float]:
    return {measured.name: measured.value for measured in figures(backups, records, SINCE, NOW)}


def test_without_any_backup_its_age_is_the_schedules() -> None:
    told = tell([])
    assert told.pop("backup_age_h") == 72
    assert (told.pop("system_backup_age_days"), told.pop("code_backup_age_days")) == (3, 3)
    assert set(told.values()) == {0}


def test_age_and_proof() -> None:
    told = tell([made(10), made(34, proven_hours_ago=30), made(58, proven_hours_ago=50)])
    assert told["backup_age_h"] == 10
    assert told["proof_age_days"] == pytest.approx(30 / 24)


def test_a_backup_whose_manifest_is_broken_is_none() -> None:
    assert tell([Backup(Path("x"), None, "broken"), made(10)])["backup_age_h"] == 10


@pytest.mark.parametrize(("before", "now", "share"), [(100, 60, 0.4), (100, 120, 0), (0, 10, 0)])
def test_how_far_it_shrank(before: int, now: int, share: float) -> None:
    assert tell([made(1, now), made(25, before)])["backup_shrunk_share"] == pytest.approx(share)


def test_the_age_of_the_copy_elsewhere_is_told_once_there_is_one() -> None:
    copied = Record("1", "offsite", "schedule", NOW, NOW - timedelta(hours=5), True, "")
    failed = Record("2", "offsite", "schedule", NOW, NOW, False, "refused")
    assert "offsite_age_h" not in tell([made(1)], [failed])
    assert tell([made(1)], [failed, copied])["offsite_age_h"] == 5


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("backup", "backup_failed"),
        ("drill", "drill_failed"),
        ("offsite", "offsite_failed"),
        ("prune", "retention_refused"),
        ("system", "system_backup_failed"),
        ("configuration", "settings_backup_failed"),
        ("code", "code_backup_failed"),
        ("reread", "reread_failed"),
        ("update", "update_failed"),
    ],
)
def test_the_newest_run_decides_whether_it_failed(kind: str, name: str) -> None:
    record: Callable[..., Any] = lambda ok: Record("1", kind, "schedule", NOW, NOW, ok, "it broke")  # noqa: E731
    assert tell([], [record(False), record(True)])[name] == 1
    assert tell([], [record(True), record(False)])[name] == 0


@pytest.mark.parametrize(
    ("kind", "name"), [("backup", "backup_failed"), ("drill", "drill_failed"), ("prune", "retention_refused")]
)
def test_the_second_of_two_at_once_is_no_failure_and_hides_none(kind: str, name: str) -> None:
    def record(ok: bool, error: str) -> Record:
        return Record("1", kind, "cron", NOW, NOW, ok, "why", "", {"error": error} if error else {})

    refused = record(ok=False, error="backup-at-work")
    assert tell([], [refused])[name] == 0
    assert tell([], [refused, record(ok=True, error="")])[name] == 0
    assert tell([], [refused, record(ok=False, error="backup-failed")])[name] == 1


def test_a_failed_copy_counts_until_a_backup_is_made_without_trying_to_copy_it() -> None:
    failed = Record("2", "offsite", "schedule", NOW, NOW, False, "refused")
    before = Record("1", "backup", "schedule", NOW - timedelta(minutes=1), NOW, True, "")
    since = Record("3", "backup", "schedule", NOW + timedelta(minutes=1), NOW, True, "")
    assert tell([], [failed, before])["offsite_failed"] == 1
    assert tell([], [since, failed, before])["offsite_failed"] == 0


def test_a_restore_that_was_refused_in_the_preflight_is_no_alert_and_one_that_broke_is() -> None:
    def record(error: str) -> Record:
        return Record("1", "restore", "operator", NOW, NOW, False, "why", "b", {"error": error})

    assert tell([], [record("backup-unusable")])["restore_failed"] == 0
    assert tell([], [record("restore-failed")])["restore_failed"] == 1
    done = Record("2", "restore", "operator", NOW, NOW, True, "done", "b", {"safety": "s"})
    assert tell([], [done, record("restore-failed")])["restore_failed"] == 0
    looked = Record("3", "restore", "operator", NOW, NOW, True, "could be", "b", {"documents": 1})
    assert tell([], [looked, record("restore-failed")])["restore_failed"] == 1


def test_a_restore_at_which_nobody_works_is_told() -> None:
    told = {measured.name: (measured.value, measured.detail) for measured in figures([], [], SINCE, NOW, "b1")}
    assert told["restore_unfinished"] == (1, "b1")


@pytest.mark.parametrize(("kind", "name"), [("system", "system_backup_age_days"), ("code", "code_backup_age_days")])
def test_what_the_host_saves_has_an_age_and_the_schedules_until_there_is_one(kind: str, name: str) -> None:
    whole = Record("1", kind, "root", NOW, NOW - timedelta(days=41), True, "made")
    failed = Record("2", kind, "root", NOW, NOW, False, "it broke")
    assert tell([], [failed, whole])[name] == pytest.approx(41)
    assert tell([], [failed])[name] == pytest.approx(3)


def test_an_update_that_was_undone_is_no_alert_any_more() -> None:
    failed = Record("1", "update", "root", NOW, NOW, False, "failed: it does not work. Going back.")
    undone = Record("2", "update", "root", NOW, NOW, True, "was undone")
    assert tell([], [failed])["update_failed"] == 1
    assert tell([], [undone, failed])["update_failed"] == 0


def test_a_damaged_backup_is_told_as_long_as_it_lies_there() -> None:
    whole, spoilt = made(1), made(25)
    proof = {"ok": False, "at": NOW.isoformat(), "reason": "It was cut short.", "damaged": True}
    damaged = Backup(spoilt.folder, spoilt.manifest, "", proof)
    failed_drill = Backup(spoilt.folder, spoilt.manifest, "", proof | {"damaged": False})
    told = {measured.name: (measured.value, measured.detail) for measured in figures([whole, damaged], [], SINCE, NOW)}
    assert told["verify_failed"] == (1, damaged.id)
    assert tell([whole, failed_drill])["verify_failed"] == 0
    assert tell([whole])["verify_failed"] == 0
