"""Backups are due at 02:00 UTC, drills on Sundays at 03:00, what failed after an hour, and whoever did it counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.backup.manifest import Manifest
from app.backup.records import Record
from app.backup.shelf import Backup
from app.supervisor.backups.schedule import due, last_night, last_sunday, to_look_at_again

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


def kept(days_ago: float, proven_days_ago: float | None = None, ok: bool = True) -> Backup:
    at, name = SUNDAY - timedelta(days=days_ago), f"b{days_ago}"
    proof = None if proven_days_ago is None else {"ok": ok, "at": (SUNDAY - timedelta(days=proven_days_ago)).isoformat()}
    return Backup(Path(name), Manifest(name, "schedule", "db", at, at, 1, "", {}, 1, "", "", "", {}), "", proof)


def checked(backup: Backup, days_ago: float, ok: bool = True) -> Record:
    at = SUNDAY - timedelta(days=days_ago)
    return Record("id", "verify", "schedule", at, at, ok, "", backup.id)


def test_the_backup_that_nobody_has_read_for_the_longest_time_is_read_again() -> None:
    month, year, fresh = kept(40), kept(365, proven_days_ago=35), kept(1)
    assert to_look_at_again([fresh, month, year], [], SUNDAY) == month.id
    assert to_look_at_again([fresh, month, year], [checked(month, 2)], SUNDAY) == year.id
    assert to_look_at_again([fresh, month, year], [checked(year, 1), checked(month, 2)], SUNDAY) == ""
    assert to_look_at_again([fresh, month, year], [checked(month, 32)], SUNDAY) == year.id
    assert to_look_at_again([fresh], [], SUNDAY) == ""
    assert to_look_at_again([], [], SUNDAY) == ""


def test_one_after_the_other_and_not_what_is_known_to_be_damaged() -> None:
    assert to_look_at_again([kept(40)], [checked(kept(50), 0.01)], SUNDAY) == ""
    assert to_look_at_again([kept(40), kept(50, proven_days_ago=45, ok=False)], [], SUNDAY) == "b40"
    assert to_look_at_again([Backup(Path("x"), None, "broken")], [], SUNDAY) == ""
