"""ISO weeks as whole numbers, so that series are arrays: week 0 is the one of Monday 1970-01-05."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

EPOCH_MONDAY = date(1970, 1, 5)
_SECONDS_A_WEEK = 7 * 86_400
_EPOCH_SECONDS = 4 * 86_400
WEEKS_A_YEAR = 52.1775


def week_number(day: date) -> int:
    """Number of the ISO week that `day` lies in."""
    return (day - EPOCH_MONDAY).days // 7


def week_numbers(seconds: np.ndarray) -> np.ndarray:
    """Week numbers of UTC timestamps in seconds."""
    return np.floor_divide(seconds - _EPOCH_SECONDS, _SECONDS_A_WEEK).astype(np.int32)


def monday_of(week: int) -> date:
    return EPOCH_MONDAY + timedelta(weeks=int(week))


def as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def covered_weeks(start: date, end: date) -> tuple[int, int]:
    """First and last week number touched by the days `start` to `end`, both included."""
    return week_number(start), week_number(end)
