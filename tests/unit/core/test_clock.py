"""Time: UTC, milliseconds, ISO weeks."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import FixedClock, iso, midnight, monday, now


@given(st.dates(date(1900, 1, 8), date(2200, 1, 1)))
def test_the_monday_starts_the_same_iso_week(day: date) -> None:
    start = monday(day)
    assert start.weekday() == 0
    assert start.isocalendar()[:2] == day.isocalendar()[:2]
    assert timedelta(0) <= day - start < timedelta(days=7)


def test_midnight_is_utc() -> None:
    assert midnight(date(2026, 3, 2)) == datetime(2026, 3, 2, tzinfo=UTC)


def test_now_is_what_mongodb_can_keep() -> None:
    moment = now()
    assert moment.tzinfo is UTC
    assert moment.microsecond % 1000 == 0


def test_moments_are_written_with_a_z() -> None:
    assert iso(datetime(2026, 3, 2, 9, 0, 0, 5000, tzinfo=UTC)) == "2026-03-02T09:00:00.005Z"


def test_a_fixed_clock_moves_when_told() -> None:
    clock = FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 3, 2, 0, 0, 1, 500000, tzinfo=UTC)
