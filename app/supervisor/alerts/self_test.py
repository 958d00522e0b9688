"""The weekly self-test: every Monday morning each channel is tried, so that nobody learns in an emergency that it is dead."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.supervisor.alerts.entries import AlertFile
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.rule import Priority

_AT = time(9, 0)
_CATCHES_UP = timedelta(days=3)  # a supervisor that was off on Monday morning


def due_self_tests(file: AlertFile, known_since: Mapping[str, datetime], now: datetime) -> Iterator[Message]:
    """This week's tests whose time has come. Their ids name the day, so that each is made once; a channel that is newer than
    this Monday has its first test next week."""
    zone = ZoneInfo(file.quiet_hours.timezone if file.quiet_hours else "UTC")
    local = now.astimezone(zone)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), _AT, zone)
    if not timedelta(0) <= now - monday < _CATCHES_UP:
        return
    for entry in file.channel:
        since = known_since.get(entry.name)
        if entry.self_test and since is not None and since < monday:
            message_id = f"self-test-{monday:%Y%m%d}.{entry.name}"
            yield Message(message_id, message_id, Kind.SELF_TEST, entry.name, Priority.P4, now)
