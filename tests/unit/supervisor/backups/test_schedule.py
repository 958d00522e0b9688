"""Backups are due at 02:00 UTC, drills on Sundays at 03:00, what failed after an hour, and whoever did it counts."""

from datetime import UTC, datetime, timedelta

import pytest

from app.backup.records import Record
from app.supervisor.backups.schedule import due, last_night, last_sunday

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = SUNDAY - timedelta(days=100)


def done(kind: str, at: datetime, ok: bool = True) -> Record:
    return Record("id", kind, "schedule", at, at + timedelta(minutes=1), ok, "")


def test_the_last_night_and_the_last_sunday() -> None:
    assert last_night(SUNDAY) == SUNDAY.replace(hour=2)
    assert last_night(SUNDAY.replace(hour=1)) == SUNDAY.replace(hour=2) - timedelta(days=1)
    assert last_sunday(SUNDAY) == SUNDAY.replace(hour=3)
    assert last_sunday(SUNDAY.replace(hour=2)) == SUNDAY.replace(hour=3) - timedelta(days=7)
    assert last_sunday(SUNDAY + timedelta(days=6)) == SUNDAY.replace(hour=3)


def test_nothing_is_due_for_the_time_before_the_schedule_began() -> None:
    assert due([], since=SUNDAY, now=SUNDAY + timedelta(hours=13)) == ()
    assert due([], since=SUNDAY, now=SUNDAY + timedelta(hours=14)) == ("backup", "prune")


def test_a_drill_needs_a_backup() -> None:
    assert due([], LONG_AGO, SUNDAY) == ("backup", "prune")
    assert due([done("backup", SUNDAY.replace(hour=2))], LONG_AGO, SUNDAY) == ("drill",)


@pytest.mark.parametrize("who", ["schedule", "cron"])
def test_what_was_done_is_not_due_whoever_did_it(who: str) -> None:
    at = SUNDAY.replace(hour=4)
    records = [Record("1", "backup", who, at, at, True, ""), done("drill", at)]
    assert due(records, LONG_AGO, SUNDAY) == ()


def test_what_failed_is_tried_again_after_an_hour_and_three_times() -> None:
    failures = [done("backup", SUNDAY.replace(hour=2), ok=False)]
    assert due(failures, LONG_AGO, SUNDAY.replace(hour=2, minute=30)) == ()
    assert due(failures, LONG_AGO, SUNDAY.replace(hour=3, minute=2)) == ("backup", "prune")
    failures += [done("backup", SUNDAY.replace(hour=hour), ok=False) for hour in (4, 5, 6)]
    assert due(failures, LONG_AGO, SUNDAY) == ()
    assert due(failures, LONG_AGO, SUNDAY + timedelta(hours=15)) == ("backup", "prune")
