"""When a duty falls due. Pure: days and hours are those of the appliance's time zone, moments are UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.supervisor.duties.duty import Duty, Every

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Turn:
    """One time a duty comes round: its `day` names it, `due_at` is the moment, `until` when the next one takes its place."""

    day: date
    due_at: datetime
    until: datetime


def latest(duty: Duty, now: datetime, zone: ZoneInfo) -> Turn:
    """The turn that is on: the last one whose hour has come."""
    turn = turn_of(duty, now.astimezone(zone).date(), zone)
    return turn if turn.due_at <= now else before(duty, turn, zone)


def before(duty: Duty, turn: Turn, zone: ZoneInfo) -> Turn:
    """The turn before `turn`."""
    return turn_of(duty, turn.day - _DAY, zone)


def turn_of(duty: Duty, day: date, zone: ZoneInfo) -> Turn:
    """The turn whose time `day` lies in, as days go."""
    start = _start(duty.every, day)
    return Turn(start, _moment(duty, start, zone), _moment(duty, _next(duty.every, start), zone))


def turns_between(duty: Duty, first: date, last: date, zone: ZoneInfo) -> Iterator[Turn]:
    """Every turn that falls on a day from `first` to `last`."""
    turn = turn_of(duty, first, zone)
    while turn.day <= last:
        if turn.day >= first:
            yield turn
        turn = turn_of(duty, _next(duty.every, turn.day), zone)


def _moment(duty: Duty, day: date, zone: ZoneInfo) -> datetime:
    """An hour that a change to summer time leaves out comes an hour later, one that comes twice counts the first time."""
    return datetime.combine(day, duty.at, zone).astimezone(UTC)


def _start(every: Every, day: date) -> date:
    match every:
        case Every.DAY:
            return day
        case Every.WEEK:
            return day - timedelta(days=day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
        case Every.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _next(every: Every, start: date) -> date:
    match every:
        case Every.DAY:
            return start + _DAY
        case Every.WEEK:
            return start + 7 * _DAY
        case Every.MONTH:
            return (start + 31 * _DAY).replace(day=1)
        case Every.QUARTER:
            return (start + 95 * _DAY).replace(day=1)
