"""The one clock: UTC, and replaceable so that tests never wait."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, to the millisecond that MongoDB keeps."""

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class FixedClock:
    """A clock for tests that moves only when told."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def advance(self, seconds: float) -> None:
        self._moment += timedelta(seconds=seconds)


SYSTEM = SystemClock()


def now() -> datetime:
    """The current moment, timezone-aware UTC, millisecond precision."""
    return SYSTEM.now()


def monday(day: date) -> date:
    """The Monday of the ISO week that `day` falls in."""
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    """`day` as the UTC midnight stored in the database."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def iso(moment: datetime) -> str:
    """ISO 8601 with a Z, as the API writes moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
