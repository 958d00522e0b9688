"""Numbers and dates in every notation, exact or refused."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.imports.models import Unreadable
from app.trade.imports.parsing import (
    guess_date_format,
    guess_decimal_mark,
    parse_date,
    parse_flag,
    parse_number,
    parse_share,
    parse_text,
)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("12", ".", "12"), ("-12.50", ".", "-12.50"), ("1,234.50", ".", "1234.50"), ("1.234,50", ",", "1234.50"),
        ("1 234,5", ",", "1234.5"), ("1\u202f234\u00a0567.8", ".", "1234567.8"), ("1'234.50", ".", "1234.50"),
        ("(12.50)", ".", "-12.50"), ("12.50-", ".", "-12.50"), ("\u221212", ".", "-12"), ("$3.87", ".", "3.87"),
        ("3,87 €", ",", "3.87"), ("EUR 3,87", ",", "3.87"), ("R 12.00", ".", "12.00"), ("1.2E+05", ".", "1.2E+5"),
        (".5", ".", "0.5"), ("007", ".", "7"),
    ],
)  # fmt: skip
def test_written_numbers(text: str, mark: str, value: str) -> None:
    assert parse_number(text, mark) == D(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["seven", "1,23,4", "12,34.5,6", "1.2.3", "-", "$", "e5", "1e999", "0x10", "NaN", "Infinity", "9" * 40]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|digits"):
        parse_number(text, ".")


def test_a_comma_where_the_point_is_decimal_says_so() -> None:
    with pytest.raises(ValueError, match="point as decimal mark"):
        parse_number("12,5", ".")


def test_empty_cells_are_nothing_and_spreadsheet_numbers_are_exact() -> None:
    assert parse_number("  ", ".") is None
    assert parse_number(None, ",") is None
    assert parse_number(D("3.87"), ",") == D("3.87")


def test_a_broken_formula_says_why() -> None:
    with pytest.raises(ValueError, match="formula"):
        parse_number(Unreadable("a formula without a stored value"), ".")


@given(st.decimals(-(10**12), 10**12, places=4, allow_nan=False))
def test_a_number_written_either_way_reads_the_same(value: D) -> None:
    english = f"{value:,.4f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, ".") == parse_number(german, ",") == value


@given(st.text(max_size=30))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    try:
        value = parse_number(text, ".")
    except ValueError:
        return
    assert value is None or value.is_finite()


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2024-01-31", "ymd", date(2024, 1, 31)), ("2024/1/31", "ymd", date(2024, 1, 31)), ("20240131", "ymd", date(2024, 1, 31)),
        ("2024-01-31T00:00:00Z", "ymd", date(2024, 1, 31)), ("2024-01-31 12:30", "ymd", date(2024, 1, 31)),
        ("31.01.2024", "dmy", date(2024, 1, 31)), ("31/1/24", "dmy", date(2024, 1, 31)), ("01/31/2024", "mdy", date(2024, 1, 31)),
        ("15-Jan-2024", "dmy", date(2024, 1, 15)), ("Jan 15, 2024", "mdy", date(2024, 1, 15)),
        ("2024-W05", "iso_week", date(2024, 1, 29)), ("2024W05", "iso_week", date(2024, 1, 29)),
        ("2024-W05-3", "iso_week", date(2024, 1, 31)), ("202405", "iso_week", date(2024, 1, 29)),
        ("2024-W05", "ymd", date(2024, 1, 29)), ("45322", "excel", date(2024, 1, 31)), ("11/6/90", "mdy", date(1990, 11, 6)),
    ],
)  # fmt: skip
def test_written_dates(text: str, order: str, day: date) -> None:
    assert parse_date(text, order) == day


@pytest.mark.parametrize(
    ("cell", "order"),
    [("31.02.2024", "dmy"), ("2024-13-01", "ymd"), ("2024-W54", "iso_week"), ("soon", "ymd"), ("1900-01-01", "ymd"),
     (D(12), "ymd"), ("12/31/2024", "dmy"), (True, "ymd")],
)  # fmt: skip
def test_wrong_dates_are_refused(cell: object, order: str) -> None:
    with pytest.raises(ValueError, match=r"date|calendar|week"):
        parse_date(cell, order)  # type: ignore[arg-type]


DAYS = st.dates(date(1980, 1, 1), date(2099, 12, 31))


@given(DAYS)
def test_every_day_reads_back_in_every_format(day: date) -> None:
    year, week, weekday = day.isocalendar()
    assert parse_date(day.isoformat(), "ymd") == day
    assert parse_date(f"{day:%d.%m.%Y}", "dmy") == day
    assert parse_date(f"{day:%m/%d/%Y}", "mdy") == day
    assert parse_date(f"{year}-W{week:02d}-{weekday}", "iso_week") == day
    assert parse_date(D((day - date(1899, 12, 30)).days), "excel") == day
    assert parse_date(day, "ymd") == day


@given(st.lists(DAYS, min_size=1, max_size=30))
def test_a_guessed_order_reads_the_dates_right_or_says_that_it_is_unsure(days: list[date]) -> None:
    order, ambiguous = guess_date_format([f"{day:%m/%d/%Y}" for day in days])
    assert order is not None
    if not ambiguous:
        assert [parse_date(f"{day:%m/%d/%Y}", order) for day in days] == days


def test_dates_with_dots_are_day_first_and_slashes_may_be_unsure() -> None:
    assert guess_date_format(["03.04.2024"]) == ("dmy", False)
    assert guess_date_format(["03/04/2024"]) == ("dmy", True)
    assert guess_date_format(["13/04/2024", "03/04/2024"]) == ("dmy", False)
    assert guess_date_format(["04/13/2024", "03/04/2024"]) == ("mdy", False)
    assert guess_date_format(["2024-W01"]) == ("ymd", False)
    assert guess_date_format(["red", "blue"]) == (None, False)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["1.5", "2"], (".", True)), (["1,5"], (",", True)), (["1.234,50"], (",", True)), (["1,234,567"], (".", True)),
     (["1.234.567"], (",", True)), (["0.125"], (".", True)), (["12"], (".", True))],
)  # fmt: skip
def test_the_decimal_mark_is_found(cells: list[str], expected: tuple[str, bool]) -> None:
    assert guess_decimal_mark(cells) == expected


def test_an_unsure_decimal_mark_follows_the_separator_of_the_file() -> None:
    assert guess_decimal_mark(["1,234"]) == (".", False)
    assert guess_decimal_mark(["1,234"], semicolons=True) == (",", False)


def test_flags_and_shares() -> None:
    assert [parse_flag(cell) for cell in ("Yes", "ja", "x", "1", D(1), True)] == [True] * 6
    assert [parse_flag(cell) for cell in ("No", "", None, "0", D(0), False)] == [False] * 6
    assert parse_share("45 %", ".") == 0.45
    assert parse_share("0,5", ",") == 0.5
    with pytest.raises(ValueError, match="share"):
        parse_share("45", ".")
    with pytest.raises(ValueError, match="yes or no"):
        parse_flag("perhaps")


def test_codes_from_spreadsheets_have_no_decimal_point() -> None:
    assert parse_text(D("137")) == "137"
    assert parse_text(D("1E+3")) == "1000"
    assert parse_text(" A-1 ") == "A-1"
    assert parse_text(D("1.50")) == "1.5"


@given(st.integers(20_000, 80_000))
def test_excel_day_numbers_count_from_the_end_of_1899(number: int) -> None:
    day = date(1899, 12, 30) + timedelta(days=number)
    try:
        assert parse_date(str(number), "excel") == day
    except ValueError:
        assert not date(1980, 1, 1) <= day < date(2100, 1, 1)
