"""Duties fall due by the appliance's own clock, summer time included, and how they stand follows from what is on record."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.supervisor.duties.duty import Duty, Every, Proof
from app.supervisor.duties.month import weeks
from app.supervisor.duties.roster import Row
from app.supervisor.duties.schedule import before, latest, turn_of, turns_between
from app.supervisor.duties.standing import Entry, Standing, standing, standing_now

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ZONES = [UTC_ZONE, BERLIN, ZoneInfo("Africa/Johannesburg"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")]


def duty(every: Every, at: time = time(6, 0), person: bool = False) -> Duty:
    return Duty("a", every, "A", "", lambda _view: Proof(True, ""), at, person)


DAILY, WEEKLY, MONTHLY, QUARTERLY = (duty(every) for every in Every)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "now", "day"),
    [
        (DAILY, "2026-03-02T06:00", date(2026, 3, 2)),
        (DAILY, "2026-03-02T05:59", date(2026, 3, 1)),
        (WEEKLY, "2026-03-08T23:00", date(2026, 3, 2)),
        (WEEKLY, "2026-03-09T05:00", date(2026, 3, 2)),
        (WEEKLY, "2026-03-09T06:00", date(2026, 3, 9)),
        (MONTHLY, "2026-03-01T05:00", date(2026, 2, 1)),
        (MONTHLY, "2026-03-31T12:00", date(2026, 3, 1)),
        (QUARTERLY, "2026-03-31T12:00", date(2026, 1, 1)),
        (QUARTERLY, "2026-04-01T12:00", date(2026, 4, 1)),
        (QUARTERLY, "2026-12-31T12:00", date(2026, 10, 1)),
    ],
)
def test_the_turn_that_is_on_is_the_last_whose_hour_came(given: Duty, now: str, day: date) -> None:
    assert latest(given, at(now), UTC_ZONE).day == day


def test_the_hour_is_that_of_the_appliance() -> None:
    assert turn_of(DAILY, date(2026, 1, 10), BERLIN).due_at == at("2026-01-10T05:00")
    assert turn_of(DAILY, date(2026, 7, 10), BERLIN).due_at == at("2026-07-10T04:00")
    assert latest(DAILY, at("2026-01-09T23:30"), ZoneInfo("Pacific/Kiritimati")).day == date(2026, 1, 10)


def test_an_hour_that_summer_time_leaves_out_or_repeats_comes_once() -> None:
    night = duty(Every.DAY, time(2, 30))
    skipped, repeated = turn_of(night, date(2026, 3, 29), BERLIN), turn_of(night, date(2026, 10, 25), BERLIN)
    assert skipped.due_at == at("2026-03-29T01:30")
    assert repeated.due_at == at("2026-10-25T00:30")
    moments = [at("2026-10-25T00:00") + timedelta(minutes=10 * step) for step in range(12)]
    assert [latest(night, now, BERLIN).day.day for now in moments] == [24] * 3 + [25] * 9


@given(
    st.sampled_from([DAILY, WEEKLY, MONTHLY, QUARTERLY, duty(Every.DAY, time(2, 30)), duty(Every.DAY, time(0, 0))]),
    st.datetimes(datetime(2020, 1, 2), datetime(2035, 1, 1)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_turns_follow_each_other_without_gap_or_overlap(given: Duty, naive: datetime, zone: ZoneInfo) -> None:
    now = naive.replace(tzinfo=UTC)
    turn = latest(given, now, zone)
    assert turn.due_at <= now < turn.until
    assert before(given, turn, zone).until == turn.due_at


def test_a_month_has_its_turns() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    assert len(list(turns_between(DAILY, first, last, BERLIN))) == 31
    assert [turn.day.day for turn in turns_between(WEEKLY, first, last, BERLIN)] == [2, 9, 16, 23, 30]
    assert [turn.day for turn in turns_between(MONTHLY, first, last, BERLIN)] == [first]


BEGAN = at("2026-02-01T00:00")
DAY = date(2026, 3, 2)
TURN = turn_of(DAILY, DAY, UTC_ZONE)


def entry(good: bool = True, signed_by: str = "", day: date = DAY) -> Entry:
    return Entry("a", day, at("2026-03-02T06:01"), good, "seen", signed_by=signed_by)


@pytest.mark.parametrize(
    ("given", "found", "now", "expected"),
    [
        (DAILY, None, "2026-03-02T05:00", Standing.AHEAD),
        (DAILY, None, "2026-03-02T07:00", Standing.WAITING),
        (DAILY, entry(), "2026-03-02T07:00", Standing.DONE),
        (DAILY, entry(good=False), "2026-03-02T07:00", Standing.ATTENTION),
        (DAILY, entry(good=False, signed_by="ann"), "2026-03-02T07:00", Standing.DONE),
        (DAILY, entry(good=False), "2026-03-02T18:01", Standing.OVERDUE),
        (DAILY, None, "2026-03-03T06:00", Standing.MISSED),
        (duty(Every.DAY, person=True), entry(), "2026-03-02T07:00", Standing.ATTENTION),
        (duty(Every.DAY, person=True), entry(signed_by="ann"), "2026-03-02T07:00", Standing.DONE),
    ],
)
def test_how_a_turn_stands(given: Duty, found: Entry | None, now: str, expected: Standing) -> None:
    assert standing(given, TURN, found, BEGAN, at(now)) is expected


def test_what_was_due_before_the_calendar_began_is_nobodys_fault() -> None:
    assert standing(DAILY, TURN, None, at("2026-03-02T10:00"), at("2026-03-02T11:00")) is Standing.NONE


def test_a_new_day_does_not_hide_the_day_that_was_missed() -> None:
    now = at("2026-03-02T07:00")
    yesterday = date(2026, 3, 1)
    assert standing_now(DAILY, {}, BEGAN, now, UTC_ZONE) is Standing.OVERDUE
    assert standing_now(DAILY, {yesterday: entry(day=yesterday)}, BEGAN, now, UTC_ZONE) is Standing.WAITING
    assert standing_now(DAILY, {DAY: entry()}, BEGAN, now, UTC_ZONE) is Standing.DONE
    assert standing_now(DAILY, {}, at("2026-03-01T12:00"), now, UTC_ZONE) is Standing.WAITING


def test_the_grid_counts_what_is_done_and_shows_the_worst() -> None:
    rows = [
        Row(DAILY, TURN, Standing.DONE, None),
        Row(DAILY, TURN, Standing.MISSED, None),
        Row(WEEKLY, TURN, Standing.DONE, None),
    ]
    grid = weeks(2026, 3, rows)
    assert len(grid) == 6
    assert all(len(week) == 7 for week in grid)
    field = next(field for week in grid for field in week if field.day == DAY)
    assert [(mark.every, mark.done, mark.total, mark.standing) for mark in field.marks] == [
        (Every.DAY, 1, 2, Standing.MISSED),
        (Every.WEEK, 1, 1, Standing.DONE),
    ]
    assert grid[0][0].outside
