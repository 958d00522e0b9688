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
    assert tell([]) == {"backup_age_h": 72, "backup_failed": 0, "drill_failed": 0}


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


@pytest.mark.parametrize(("kind", "name"), [("backup", "backup_failed"), ("drill", "drill_failed")])
def test_the_newest_run_decides_whether_it_failed(kind: str, name: str) -> None:
    record: Callable[..., Any] = lambda ok: Record("1", kind, "schedule", NOW, NOW, ok, "it broke")  # noqa: E731
    assert tell([], [record(False), record(True)])[name] == 1
    assert tell([], [record(True), record(False)])[name] == 0
