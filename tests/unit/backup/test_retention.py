"""Grandfather, father, son; no clock and no gap can make it delete what matters."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backup.errors import RetentionRefused
from app.backup.retention import Kept, retention

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def nightly(days: int, until: datetime = NOW) -> list[Kept]:
    return [Kept(f"b{day:04}", until - timedelta(days=day, hours=10)) for day in range(days)]


def kept(backups: list[Kept], now: datetime = NOW) -> list[str]:
    return [verdict.id for verdict in retention(backups, now) if verdict.keep]


def test_of_ten_years_of_nights_some_thirty_are_kept() -> None:
    verdicts = retention(nightly(3650), NOW)
    assert 25 <= len([verdict for verdict in verdicts if verdict.keep]) <= 30
    assert sum("yearly" in verdict.reasons for verdict in verdicts) == 7
    assert sum("daily" in verdict.reasons for verdict in verdicts) == 7


def test_the_last_week_is_complete() -> None:
    assert kept(nightly(400))[:7] == [f"b{day:04}" for day in range(7)]


def test_of_several_a_day_the_newest_counts() -> None:
    by_hand = [Kept(f"h{hour:02}", NOW - timedelta(hours=hour)) for hour in range(10)]
    assert kept(by_hand) == ["h00"]


def test_the_last_proven_one_is_never_deleted() -> None:
    backups = [Kept(backup.id, backup.at, proven=backup.id in {"b0013", "b0020"}) for backup in nightly(25)]
    assert "b0013" in kept(backups)


def test_a_clock_one_year_ahead_deletes_nothing() -> None:
    with pytest.raises(RetentionRefused, match=r"The newest backup is 365 days old: the clock jumped.* Set the clock right"):
        retention(nightly(30), NOW + timedelta(days=365))


def test_a_backup_made_under_a_clock_one_year_ahead_deletes_nothing() -> None:
    ahead = NOW + timedelta(days=365)
    with pytest.raises(RetentionRefused, match="Between the two newest backups lie 365 days"):
        retention([*nightly(30), Kept("new", ahead)], ahead)


def test_after_the_clock_was_set_right_the_future_one_is_named() -> None:
    with pytest.raises(RetentionRefused, match="The backup new is from the future"):
        retention([*nightly(30), Kept("new", NOW + timedelta(days=365))], NOW)


def test_nothing_to_judge_is_no_error() -> None:
    assert retention([], NOW) == []


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60), st.integers(0, 5000))
def test_whatever_the_clock_the_newest_and_seven_days_stay(days: list[int], later: int) -> None:
    backups = [Kept(f"{number}", NOW - timedelta(days=day)) for number, day in enumerate(days)]
    try:
        verdicts = retention(backups, NOW + timedelta(days=later))
    except RetentionRefused:
        return
    assert verdicts[0].keep
    assert sum(verdict.keep for verdict in verdicts) >= min(7, len(set(days)))
