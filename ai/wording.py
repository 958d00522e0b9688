"""Days and figures in sentences, written as the pages around them write theirs."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ai.data.weeks import monday_of

_THIN = "\u202f"  # narrow no-break space
_MINUS = "\u2212"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(day: date) -> str:
    """`14 Sep 1992`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def week_text(week: int) -> str:
    """The Monday of week number `week`: `14 Sep 1992`."""
    return day_text(monday_of(week))


def figure(value: float | Decimal, decimals: int = 0) -> str:
    """`12 408`; half away from zero, as people round."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return (_MINUS if rounded < 0 else "") + f"{abs(rounded):,}".replace(",", _THIN)
