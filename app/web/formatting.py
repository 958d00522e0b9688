"""How numbers, money, dates and durations are written on pages; everything answers a dash for what is not known."""

import functools
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_symbol, get_decimal_symbol
from bson.decimal128 import Decimal128
from markupsafe import Markup

from app.core.clock import now
from app.core.i18n import _, ngettext
from app.core.settings import settings

NOTHING = "–"
THIN = "\u202f"  # narrow no-break space: groups thousands and never wraps
MINUS = "\u2212"
_NO_DIGITS = {"JPY", "KRW"}


@functools.lru_cache(maxsize=8)
def _babel_locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _locale() -> Locale:
    return _babel_locale(settings().locale)


def decimal_of(value: Any) -> Decimal | None:
    """`value` (int, float, str, Decimal, Decimal128, None) as a finite Decimal; None when it is not a number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    try:
        result = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    return result if result.is_finite() else None


def number(value: Any, decimals: int = 0) -> str:
    """`12408` as `12 408`; half away from zero, as people round."""
    amount = decimal_of(value)
    if amount is None:
        return NOTHING
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    whole, _dot, fraction = f"{abs(rounded):f}".partition(".")
    groups = f"{int(whole):,}".replace(",", THIN)
    text = groups + (get_decimal_symbol(_locale()) + fraction if fraction else "")
    return (MINUS if rounded < 0 else "") + text


def signed(value: Any, decimals: int = 0) -> str:
    """A difference: `+1 240`, `−88`, `0`."""
    amount = decimal_of(value)
    text = number(value, decimals)
    return f"+{text}" if amount is not None and amount > 0 and text.strip("0.,") else text


def amount(value: Any, decimals: int = 2) -> str:
    """Money without its currency, for columns that name it in their header."""
    return number(value, decimals)


def currency_symbol(currency: str | None = None) -> str:
    """`$`, `€`, `R` in the company's locale; for headers and form units."""
    return get_currency_symbol(currency or settings().currency, locale=_locale())


def money(value: Any, currency: str | None = None, decimals: int | None = None) -> str:
    """`1240.5` as `$1 240.50`; large amounts drop the cents unless `decimals` says otherwise."""
    exact = decimal_of(value)
    if exact is None:
        return NOTHING
    code = currency or settings().currency
    if decimals is None:
        decimals = 0 if code in _NO_DIGITS or abs(exact) >= 10_000 else 2
    symbol = currency_symbol(code)
    gap = THIN if symbol[-1:].isalpha() else ""
    text = number(abs(exact), decimals)
    return f"{MINUS if exact < 0 and text.strip('0.,') else ''}{symbol}{gap}{text}"


def percent(value: Any, decimals: int = 0) -> str:
    """The share `0.254` as `25 %`."""
    share = decimal_of(value)
    return NOTHING if share is None else f"{number(share * 100, decimals)}{THIN}%"


def roi(value: Any) -> str:
    """Incremental margin per unit spent, `1.42×`: above 1 the promotion earned more than it cost."""
    ratio = decimal_of(value)
    if ratio is None:
        return NOTHING
    return f"{number(ratio, 2 if abs(ratio) < 10 else 1)}×"


def earned(value: Any) -> bool:
    """Whether a return on investment is above break-even."""
    ratio = decimal_of(value)
    return ratio is not None and ratio >= 1


def round_to_known(mean: float, low: float, high: float) -> tuple[Decimal, Decimal, Decimal]:
    """Round an estimate and its interval to the digits its width supports: two digits of the half-width."""
    half = max(abs(high - low) / 2, 1e-9)
    digits = 1 - math.floor(math.log10(half))
    step = Decimal(1).scaleb(-digits)
    return tuple((Decimal(str(x)) / step).quantize(Decimal(1), ROUND_HALF_UP) * step for x in (mean, low, high))  # type: ignore[return-value]


def about(interval: Any, share: bool = False) -> str:
    """`{"mean", "lo80", "hi80"}` as `about 1 240 (1 100 to 1 390)`; with `share`, fractions as percent."""
    if not isinstance(interval, Mapping):
        return NOTHING
    values = [decimal_of(interval.get(key)) for key in ("mean", "lo80", "hi80")]
    if values[0] is None:
        return NOTHING
    unit = f"{THIN}%" if share else ""
    factor = 100 if share else 1
    if values[1] is None or values[2] is None:
        return number(values[0] * factor) + unit
    mean, low, high = round_to_known(*(float(v) * factor for v in values if v is not None))
    decimals = max(0, min(2, -int(low.as_tuple().exponent))) if abs(high - low) < 10 else 0
    shown = [number(v, decimals) + unit for v in (mean, low, high)]
    return _("about {mean} ({low} to {high})", mean=shown[0], low=shown[1], high=shown[2])


def _as_date(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):  # days are stored as UTC midnight: no zone shift
        return value.date()
    return value if isinstance(value, date) else None


def _as_moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def day(value: Any) -> str:
    """`Mon 14 Sep`: a day near now, without its year."""
    moment = _as_date(value)
    return NOTHING if moment is None else format_date(moment, "EEE d MMM", locale=_locale())


def short_date(value: Any) -> str:
    """`14 Sep 1992`."""
    moment = _as_date(value)
    return NOTHING if moment is None else format_date(moment, "d MMM y", locale=_locale())


def iso_date(value: Any) -> str:
    """`1992-09-14`, for date inputs, addresses and exports."""
    moment = _as_date(value)
    return "" if moment is None else moment.isoformat()


def week(value: Any) -> str:
    """`week of 14 Sep 1992`, by its Monday."""
    moment = _as_date(value)
    return NOTHING if moment is None else _("week of {date}", date=short_date(moment))


def window(start: Any, end: Any) -> str:
    """`14 to 27 Sep 1992`: the parts both dates share are written once."""
    first, last = _as_date(start), _as_date(end)
    if first is None or last is None:
        return NOTHING
    if first == last:
        return short_date(first)
    pattern = "d" if (first.year, first.month) == (last.year, last.month) else "d MMM"
    if first.year != last.year:
        pattern = "d MMM y"
    return _("{start} to {end}", start=format_date(first, pattern, locale=_locale()), end=short_date(last))


def date_time(value: Any) -> str:
    """`14 Sep 2026, 16:05` in the company's time zone."""
    moment = _as_moment(value)
    if moment is None:
        return NOTHING
    zone = ZoneInfo(settings().timezone)
    return format_datetime(moment, "d MMM y, HH:mm", tzinfo=zone, locale=_locale())


def ago(value: Any, reference: datetime | None = None) -> Markup | str:
    """A `<time>` element: `5 min ago`, up to a week; then the date. The exact moment is in its title."""
    moment = _as_moment(value)
    if moment is None:
        return NOTHING
    text = _elapsed((reference or now()) - moment)
    return Markup('<time datetime="{}" title="{} {}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        date_time(moment),
        settings().timezone,
        text or date_time(moment),
    )


def _elapsed(gap: timedelta) -> str | None:
    total = int(gap.total_seconds())
    if total < 0 or total >= 7 * 86_400:
        return None
    if total < 60:
        return _("just now")
    if total < 3_600:
        return _("{count} min ago", count=total // 60)
    if total < 86_400:
        return ngettext("{count} hour ago", "{count} hours ago", total // 3_600)
    return ngettext("{count} day ago", "{count} days ago", total // 86_400)


def seconds(value: Any) -> str:
    """A duration: `0.4 s`, `42 s`, `2 min 4 s`, `1 h 5 min`."""
    exact = decimal_of(value)
    if exact is None:
        return NOTHING
    if exact < 10:
        return f"{number(exact, 1)} s"
    minutes, rest = divmod(int(exact), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def file_size(value: Any) -> str:
    """Bytes as `820 B`, `14 kB`, `1.4 MB`, in steps of 1024 as file managers count."""
    size = decimal_of(value)
    if size is None:
        return NOTHING
    for unit, scale in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if size >= scale:
            return f"{number(size / scale, 1 if size < 10 * scale else 0)}{THIN}{unit}"
    return f"{number(size)}{THIN}B"


FILTERS = {
    "number": number,
    "signed": signed,
    "amount": amount,
    "money": money,
    "percent": percent,
    "roi": roi,
    "about": about,
    "date": short_date,
    "day": day,
    "isodate": iso_date,
    "week": week,
    "datetime": date_time,
    "ago": ago,
    "seconds": seconds,
    "filesize": file_size,
}
