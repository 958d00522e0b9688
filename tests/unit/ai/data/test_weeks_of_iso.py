from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ai.data.weeks import covered_weeks, monday_of, week_number, week_numbers

days = st.dates(date(1970, 1, 5), date(2200, 1, 1))


@given(days)
def test_a_week_is_named_by_its_monday(day: date) -> None:
    monday = monday_of(week_number(day))
    assert monday.isocalendar()[:2] == day.isocalendar()[:2]
    assert monday.weekday() == 0


@given(days)
def test_timestamps_and_dates_agree(day: date) -> None:
    second = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC).timestamp()
    assert week_numbers(np.array([second]))[0] == week_number(day)


def test_a_promotion_from_wednesday_to_tuesday_covers_two_weeks() -> None:
    first, last = covered_weeks(date(2024, 1, 3), date(2024, 1, 9))
    assert last - first == 1
