"""Records of what was done: the newest of each kind are kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.backup.records import Record, keep_record, records
from app.backup.shelf import Shelf

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def keep(shelf: Shelf, kind: str, hours: int) -> None:
    at = NOW + timedelta(hours=hours)
    keep_record(shelf, Record(f"{at:%Y%m%dT%H%M%S}-00000000", kind, "cron", at, at, True, "made"))


@pytest.mark.slow  # a year of backups is kept here
def test_a_backup_every_hour_does_not_push_out_the_monthly_one_of_the_system(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    keep(shelf, "system", 0)
    for hour in range(1, 330):
        keep(shelf, "backup", hour)
    kept = records(shelf)
    assert kept[-1].kind == "system"
    assert [record.began_at for record in kept[:-1]] == [NOW + timedelta(hours=hour) for hour in range(329, 289, -1)]
