"""A month of the calendar as a grid of weeks. Pure."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.supervisor.duties.duty import Every
from app.supervisor.duties.roster import Row
from app.supervisor.duties.standing import Standing

_URGENCY = (Standing.OVERDUE, Standing.MISSED, Standing.ATTENTION, Standing.WAITING, Standing.AHEAD, Standing.DONE, Standing.NONE)


@dataclass(frozen=True)
class Mark:
    """What stands in a day for the duties of one kind: how many are done, and the most urgent standing among them."""

    every: Every
    done: int
    total: int
    standing: Standing


@dataclass(frozen=True)
class Day:
    """One field of the grid; days of the neighbouring months are `outside`."""

    day: date
    outside: bool
    marks: Sequence[Mark]
    rows: Sequence[Row]


def weeks(year: int, month: int, rows: Iterable[Row]) -> list[list[Day]]:
    """Monday to Sunday, a line a week."""
    found: dict[date, list[Row]] = {}
    for row in rows:
        found.setdefault(row.turn.day, []).append(row)
    grid = calendar.Calendar(firstweekday=0).monthdatescalendar(year, month)
    return [[_day(day, day.month != month, found.get(day, [])) for day in week] for week in grid]


def first_and_last(year: int, month: int) -> tuple[date, date]:
    """The first and the last day of the grid's month."""
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def neighbours(year: int, month: int) -> tuple[date, date]:
    """The first days of the month before and of the month after."""
    first, last = first_and_last(year, month)
    return (first - timedelta(days=1)).replace(day=1), last + timedelta(days=1)


def _day(day: date, outside: bool, rows: list[Row]) -> Day:
    marks = []
    for every in Every:
        of_kind = [row for row in rows if row.duty.every is every]
        if of_kind and not outside:
            worst = min((row.standing for row in of_kind), key=_URGENCY.index)
            marks.append(Mark(every, sum(row.standing is Standing.DONE for row in of_kind), len(of_kind), worst))
    return Day(day, outside, marks, [] if outside else rows)
