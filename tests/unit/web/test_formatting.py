"""How figures are written on pages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.web import formatting
from app.web.formatting import MINUS, NOTHING, THIN


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (12408, 0, f"12{THIN}408"),
        (1234567.85, 1, f"1{THIN}234{THIN}567.9"),
        (-88, 0, f"{MINUS}88"),
        (Decimal("2.5"), 0, "3"),
        (-0.2, 0, "0"),
        (Decimal128("1000.10"), 2, f"1{THIN}000.10"),
        ("17", 0, "17"),
    ],
)
def test_numbers_have_thin_thousands_and_a_real_minus(value: object, decimals: int, text: str) -> None:
    assert formatting.number(value, decimals) == text


@pytest.mark.parametrize("value", [None, "", "abc", float("nan"), float("inf"), True])
def test_what_is_not_a_number_is_a_dash(value: object) -> None:
    for write in (formatting.number, formatting.money, formatting.percent, formatting.roi, formatting.signed):
        assert write(value) == NOTHING


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_a_written_number_reads_back_exactly(value: Decimal) -> None:
    text = formatting.number(value, 2).replace(THIN, "").replace(MINUS, "-")
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (Decimal("1240.5"), "USD", f"$1{THIN}240.50"),
        (Decimal("-1240.5"), "USD", f"{MINUS}$1{THIN}240.50"),
        (Decimal("48210.44"), "EUR", f"€48{THIN}210"),
        (Decimal("12"), "ZAR", f"ZAR{THIN}12.00"),
        (Decimal("1200"), "JPY", f"¥1{THIN}200"),
        (Decimal("-0.001"), "USD", "$0.00"),
    ],
)
def test_money_carries_its_currency(value: Decimal, currency: str, text: str) -> None:
    assert formatting.money(value, currency) == text


def test_differences_carry_their_sign() -> None:
    assert formatting.signed(1240) == f"+1{THIN}240"
    assert formatting.signed(-3) == f"{MINUS}3"
    assert formatting.signed(0) == "0"
    assert formatting.signed(0.2) == "0"


def test_return_is_a_multiple_with_break_even_at_one() -> None:
    assert formatting.roi(Decimal("1.424")) == "1.42×"
    assert formatting.roi(-0.4) == f"{MINUS}0.40×"
    assert formatting.roi(31.26) == "31.3×"
    assert formatting.earned(1)
    assert not formatting.earned(Decimal("0.99"))
    assert not formatting.earned(None)


def test_an_estimate_is_rounded_to_what_is_known() -> None:
    assert formatting.about({"mean": 1243.7, "lo80": 1102.2, "hi80": 1391.9}) == f"about 1{THIN}240 (1{THIN}100 to 1{THIN}390)"
    assert formatting.about({"mean": 14.24, "lo80": 12.9, "hi80": 15.61}) == "about 14.2 (12.9 to 15.6)"
    assert (
        formatting.about({"mean": 0.254, "lo80": 0.21, "hi80": 0.29}, share=True)
        == f"about 25.4{THIN}% (21.0{THIN}% to 29.0{THIN}%)"
    )
    assert formatting.about({"mean": 12408.0}) == f"12{THIN}408"
    assert formatting.about(None) == NOTHING


def test_shares_become_percent() -> None:
    assert formatting.percent(0.254) == f"25{THIN}%"
    assert formatting.percent(Decimal("0.2549"), 1) == f"25.5{THIN}%"


def test_windows_write_shared_parts_once() -> None:
    assert formatting.window(date(1992, 9, 14), date(1992, 9, 27)) == "14 to 27 Sept 1992".replace("Sept", "Sep")
    assert formatting.window(date(1992, 9, 28), date(1992, 10, 4)) == "28 Sep to 4 Oct 1992"
    assert formatting.window(date(1992, 12, 28), date(1993, 1, 3)) == "28 Dec 1992 to 3 Jan 1993"
    assert formatting.window(date(1992, 9, 14), date(1992, 9, 14)) == "14 Sep 1992"
    assert formatting.window(None, date(1992, 9, 14)) == NOTHING


def test_days_are_not_shifted_by_time_zones() -> None:
    assert formatting.short_date(datetime(1992, 9, 14, tzinfo=UTC)) == "14 Sep 1992"
    assert formatting.short_date("1992-09-14") == "14 Sep 1992"
    assert formatting.iso_date(datetime(1992, 9, 14, tzinfo=UTC)) == "1992-09-14"
    assert formatting.short_date("soon") == NOTHING


def test_moments_near_now_are_told_as_ago() -> None:
    moment = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    told = {
        30: "just now",
        5 * 60: "5 min ago",
        3600: "1 hour ago",
        2 * 86_400: "2 days ago",
        10 * 86_400: "20 Feb 2026, 12:00",
    }
    for seconds, text in told.items():
        html = formatting.ago(moment - timedelta(seconds=seconds), reference=moment)
        assert f">{text}</time>" in html


def test_durations_and_sizes() -> None:
    assert [formatting.seconds(s) for s in (0.44, 42, 124, 3900)] == ["0.4 s", "42 s", "2 min 4 s", "1 h 5 min"]
    assert [formatting.file_size(n) for n in (820, 14_400, 1_500_000, 50 * 1024 * 1024)] == [
        f"820{THIN}B",
        f"14{THIN}kB",
        f"1.4{THIN}MB",
        f"50{THIN}MB",
    ]
