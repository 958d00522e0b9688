"""Cells as values: numbers in any notation, dates in any format, flags; pure, and exact where money is meant."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from app.core.i18n import _
from app.trade.imports.models import Cell, Unreadable

Mark = Literal[".", ","]

FIRST_DAY, LAST_DAY = date(1980, 1, 1), date(2100, 1, 1)
_EXCEL_ZERO = date(1899, 12, 30)
_EXCEL_RANGE = (20_000, 80_000)  # 1954 to 2119
_MAX_DIGITS = 24
_GAPS = str.maketrans({" ": None, "\u00a0": None, "\u202f": None, "\u2009": None, "'": None, "\u2019": None, "\u2212": "-"})
_CURRENCY_SIGN = re.compile(r"^(?:[A-Z]{3}|[$€£¥R]|R\$|US\$|kr|zł|Fr\.)(?=[\d(.,-])|(?<=[\d).,-])(?:[A-Z]{3}|[$€£¥]|kr\.?|zł)$")
_PLAIN = {
    ".": re.compile(r"^[+-]?(?=\.?\d)(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,2})?$"),
    ",": re.compile(r"^[+-]?(?=,?\d)(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d*)?(?:[eE][+-]?\d{1,2})?$"),
}
_SIMPLE = re.compile(r"^-?\d{1,15}(?:\.\d{1,8})?$")
_TRUE = frozenset({"1", "true", "yes", "y", "x", "t", "ja", "j", "oui", "o", "si", "sí", "wahr", "on", "b", "s", "g"})
_FALSE = frozenset({"", "0", "false", "no", "n", "f", "nein", "non", "falsch", "off", "-"})

_MONTH_NAMES = (
    ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"), ("jul", "july"),
    ("aug", "august"), ("sep", "september", "sept"), ("oct", "october"), ("nov", "november"), ("dec", "december"),
)  # fmt: skip
_MONTHS = {name: index + 1 for index, names in enumerate(_MONTH_NAMES) for name in names}
_YMD = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_THREE = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?: .*)?$")
_ISO_WEEK = re.compile(r"^(\d{4})[- ]?W(?:K)?[- ]?(\d{1,2})(?:-?([1-7]))?$", re.IGNORECASE)
_WEEK_NUMBER = re.compile(r"^(\d{4})[-/ ]?(\d{2})$")
_DAY_MONTH = re.compile(r"^(\d{1,2})[-. /]([A-Za-z]{3,9})\.?[-, /]+(\d{4}|\d{2})$")
_MONTH_DAY = re.compile(r"^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})$")


def parse_number(cell: Cell, mark: Mark) -> Decimal | None:
    """The exact number, None for an empty cell; raises ValueError saying what is wrong. `mark` is the decimal mark of texts."""
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return None
        if mark == "." and _SIMPLE.match(text):
            return Decimal(text)
        return _written_number(text, mark)
    if cell is None:
        return None
    if isinstance(cell, Decimal):
        return cell
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    raise ValueError(_("a number is needed here"))


def _written_number(written: str, mark: Mark) -> Decimal:
    text = written.translate(_GAPS)
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if negative else text
    text = _CURRENCY_SIGN.sub("", text)
    if text.endswith("-"):
        negative, text = not negative, text[:-1]
    if not _PLAIN[mark].match(text):
        other = "," if mark == "." else "."
        if _PLAIN[other].match(text):
            raise ValueError(_("not a number with {mark} as decimal mark", mark="comma" if mark == "," else "point"))
        raise ValueError(_("not a number"))
    plain = text.replace("," if mark == "." else ".", "").replace(mark, ".")
    if sum(letter.isdigit() for letter in plain) > _MAX_DIGITS:
        raise ValueError(_("more digits than a figure can have"))
    return -Decimal(plain) if negative else Decimal(plain)


def parse_share(cell: Cell, mark: Mark) -> float:
    """A share from 0 to 1: a number, a percentage, or yes and no; raises ValueError."""
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str):
        text = cell.strip()
        if text.endswith("%"):
            return _bounded(float((parse_number(text[:-1], mark) or Decimal(0)) / 100))
        lowered = text.lower()
        if lowered in _FALSE:
            return 0.0
        if lowered in _TRUE:
            return 1.0
    number = parse_number(cell, mark)
    return 0.0 if number is None else _bounded(float(number))


def _bounded(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(_("a share from 0 to 1 (or yes, no, or a percentage) is needed"))
    return value


def parse_flag(cell: Cell) -> bool:
    """Yes or no, in several languages and notations; raises ValueError."""
    if isinstance(cell, bool):
        return cell
    if cell is None:
        return False
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, Decimal):
        if cell not in (0, 1):
            raise ValueError(_("yes or no (1 or 0) is needed"))
        return cell == 1
    if isinstance(cell, str):
        text = cell.strip().lower()
        if text in _FALSE:
            return False
        if text in _TRUE:
            return True
    raise ValueError(_("yes or no (1 or 0) is needed"))


def parse_text(cell: Cell) -> str:
    """Text as a code or name: trimmed, whole numbers without a decimal point; raises ValueError for unreadable cells."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, Decimal):
        return f"{cell.quantize(Decimal(1)) if cell == cell.to_integral_value() else cell.normalize():f}"
    return cell.isoformat()


def parse_date(cell: Cell, order: str) -> date | None:
    """The day; for a week its Monday; None for an empty cell. `order` is a DateFormat but "auto". Raises ValueError."""
    if isinstance(cell, str):
        text = cell.strip()
        found = _written_date(text, order) if text else None
        if text and found is None:
            raise ValueError(_("not a date ({format} is expected)", format=DATE_WORDS[order]))
    elif isinstance(cell, Decimal):
        found = _from_number(cell, order)
    elif isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    elif isinstance(cell, bool):
        raise ValueError(_("not a date"))
    else:
        found = cell
    if found is not None and not FIRST_DAY <= found < LAST_DAY:
        raise ValueError(_("a date between {first} and {last} is needed", first=FIRST_DAY.year, last=LAST_DAY.year - 1))
    return found


DATE_WORDS = {
    "ymd": "2024-01-31",
    "dmy": "31/01/2024",
    "mdy": "01/31/2024",
    "iso_week": "2024-W05",
    "excel": "45322",
}


def _written_date(text: str, order: str) -> date | None:
    if order == "iso_week":
        week = _ISO_WEEK.match(text) or _WEEK_NUMBER.match(text)
        if week is None:
            return None
        return _week(int(week[1]), int(week[2]), int(week[3] or 1) if week.re is _ISO_WEEK else 1)
    if order == "excel":
        return _from_number(Decimal(text), order) if re.fullmatch(r"\d{5}(\.\d+)?", text) else None
    full = _YMD.match(text) or _COMPACT.match(text)
    if full is not None:
        return _day(int(full[1]), int(full[2]), int(full[3]))
    three = _THREE.match(text)
    if three is not None:
        if order == "ymd":
            return None
        first, second = int(three[1]), int(three[2])
        month, day = (first, second) if order == "mdy" else (second, first)
        return _day(_year(three[3]), month, day)
    named = _DAY_MONTH.match(text)
    if named is not None and named[2].lower() in _MONTHS:
        return _day(_year(named[3]), _MONTHS[named[2].lower()], int(named[1]))
    named = _MONTH_DAY.match(text)
    if named is not None and named[1].lower() in _MONTHS:
        return _day(int(named[3]), _MONTHS[named[1].lower()], int(named[2]))
    week = _ISO_WEEK.match(text)
    return _week(int(week[1]), int(week[2]), int(week[3] or 1)) if week is not None else None


def _from_number(number: Decimal, order: str) -> date:
    if order == "ymd" and number == number.to_integral_value() and 19_800_101 <= number < 21_000_000:
        written = _COMPACT.match(str(int(number)))
        if written is not None:
            return _day(int(written[1]), int(written[2]), int(written[3]))
    if order == "iso_week" and number == number.to_integral_value() and 198_001 <= number < 210_000:
        return _week(int(number) // 100, int(number) % 100, 1)
    if not _EXCEL_RANGE[0] <= number <= _EXCEL_RANGE[1]:
        raise ValueError(_("not a date"))
    return _EXCEL_ZERO + timedelta(days=int(number))


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(_("no such day in the calendar")) from None


def _week(year: int, week: int, day: int) -> date:
    try:
        return date.fromisocalendar(year, week, day)
    except ValueError:
        raise ValueError(_("no such week in that year")) from None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 70 else 1900)


def guess_date_format(cells: Iterable[Cell]) -> tuple[str | None, bool]:
    """(format that reads the samples best, whether another reads them as well and differently); (None, False) when none does."""
    filled = [cell for cell in cells if cell is not None and not (isinstance(cell, str) and not cell.strip())]
    texts = [cell.strip() for cell in filled if isinstance(cell, str)]
    if not texts:
        numbers = [cell for cell in filled if isinstance(cell, Decimal)]
        if numbers and all(_reads(cell, "iso_week") for cell in numbers):
            return "iso_week", False
        if numbers and not all(_reads(cell, "ymd") for cell in numbers):
            return None, False
        return ("ymd", False) if filled else (None, False)
    scores = {order: sum(_reads(text, order) for text in texts) for order in DATE_WORDS}
    best = max(scores.values())
    if best == 0:
        return None, False
    if scores["ymd"] == best:
        return "ymd", False
    if scores["dmy"] == scores["mdy"] == best:
        if all("." in text for text in texts):
            return "dmy", False  # nobody writes month.day.year
        same = all(parse_date(text, "dmy") == parse_date(text, "mdy") for text in texts if _reads(text, "dmy"))
        return "dmy", not same
    return next(order for order in ("dmy", "mdy", "iso_week", "excel") if scores[order] == best), False


def _reads(cell: Cell, order: str) -> bool:
    try:
        return parse_date(cell, order) is not None
    except (ValueError, ArithmeticError):
        return False


def guess_decimal_mark(cells: Iterable[Cell], semicolons: bool = False) -> tuple[Mark, bool]:
    """(decimal mark of the texts, whether it is certain).

    `semicolons`: they separate the file's columns, as is usual where the comma is the decimal mark.
    """
    points = commas = 0
    ambiguous = False
    for cell in cells:
        if not isinstance(cell, str):
            continue
        text = cell.translate(_GAPS)
        last = max(text.rfind("."), text.rfind(","))
        if last < 0:
            continue
        mark, other = text[last], "," if text[last] == "." else "."
        if text.count(mark) > 1:
            mark, sure = other, True
        else:
            digits = len(re.sub(r"\D.*$", "", text[last + 1 :]))
            whole = re.sub(r"\D", "", text[:last])
            sure = other in text or digits != 3 or len(whole) > 3 or whole in {"", "0"}
        if not sure:
            ambiguous = True
        elif mark == ".":
            points += 1
        else:
            commas += 1
    if commas != points:
        return ("," if commas > points else "."), True
    return ("," if semicolons and ambiguous else "."), not ambiguous
