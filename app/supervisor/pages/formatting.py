"""How figures and moments are written on the pages."""

from datetime import datetime, timedelta

from app.core.i18n import _, ngettext

_UNITS = ("B", "kB", "MB", "GB", "TB")
_DASH = "–"


def span(length: timedelta) -> str:
    """A duration in its largest unit: "45 s", "3 min", "5 h", "12 days"."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return _("{count} s", count=seconds)
    if seconds < 3600:
        return _("{count} min", count=seconds // 60)
    if seconds < 2 * 86400:
        return _("{count} h", count=seconds // 3600)
    return ngettext("{count} day", "{count} days", seconds // 86400)


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago."""
    return _DASH if moment is None else span(now - moment)


def size(count: float | None) -> str:
    """Bytes in powers of 1000, three digits: "64.2 MB"."""
    if count is None:
        return _DASH
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def percent(share: float | None) -> str:
    """A share from 0 to 1."""
    if share is None:
        return _DASH
    return f"{share * 100:.1f} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def milliseconds(value: float | None) -> str:
    if value is None:
        return _DASH
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
