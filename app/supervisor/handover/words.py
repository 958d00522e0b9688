"""How the report writes moments, spans, shares and lists."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.core.i18n import _, ngettext
from app.supervisor.pages.formatting import span
from app.supervisor.pages.past import exact_share

NEVER = "–"
_SHOWN = 5


def day_and_time(moment: datetime | None) -> str:
    """To the minute, UTC: a report is read elsewhere and later."""
    return NEVER if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def days(length: timedelta) -> str:
    """An age in its largest unit."""
    return span(length)


def took(seconds: float) -> str:
    """How long something took: tenths below a minute."""
    return _("{count} s", count=f"{seconds:.1f}") if seconds < 60 else span(timedelta(seconds=seconds))


def share(part: float | None) -> str:
    """An availability to the thousandth of a percent, a dash where there was none to count."""
    return exact_share(part)


def some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return shown if more <= 0 else ngettext("{names} and {count} more", "{names} and {count} more", more, names=shown)
