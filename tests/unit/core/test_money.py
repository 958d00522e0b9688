"""Money is exact: properties over amounts as large as Decimal128 holds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import CurrencyMismatch, Money, from_decimal128, parse_decimal, round_money, to_decimal128

amounts = st.decimals(min_value=-(10**20), max_value=10**20, places=6, allow_nan=False, allow_infinity=False)
currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}


@given(amounts, currencies)
def test_rounding_moves_by_at_most_half_a_unit_and_is_idempotent(amount: Decimal, currency: str) -> None:
    rounded = round_money(amount, currency)
    assert abs(rounded - amount) <= Decimal(1).scaleb(-DIGITS[currency]) / 2
    assert round_money(rounded, currency) == rounded
    assert -rounded.as_tuple().exponent == DIGITS[currency]


@pytest.mark.parametrize(("amount", "rounded"), [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("2.5", "2.50")])
def test_halves_go_to_the_even_digit(amount: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount), "USD")) == rounded


def test_an_amount_of_34_digits_can_be_rounded() -> None:
    assert round_money(Decimal("9" * 31 + ".125"), "USD") == Decimal("9" * 31 + ".12")


@given(amounts)
def test_storing_and_reading_back_changes_nothing(amount: Decimal) -> None:
    assert from_decimal128(to_decimal128(amount)) == amount


def test_nothing_stays_nothing() -> None:
    assert to_decimal128(None) is None
    assert from_decimal128(None) is None


@given(amounts, amounts, currencies)
def test_adding_and_taking_away_again_is_exact(one: Decimal, two: Decimal, currency: str) -> None:
    assert Money(one, currency) + Money(two, currency) - Money(two, currency) == Money(one, currency)


@given(amounts, st.integers(-1000, 1000))
def test_scaling_is_repeated_addition(amount: Decimal, times: int) -> None:
    assert Fraction((Money(amount, "USD") * times).amount) == Fraction(amount) * times


def test_currencies_never_mix() -> None:
    with pytest.raises(CurrencyMismatch, match="EUR and USD"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@pytest.mark.parametrize(
    "make", [lambda: Money(1.5, "USD"), lambda: Money(Decimal(1), "USD") * 0.5, lambda: from_decimal128(0.1)]
)
def test_floats_never_hold_money(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="float"):
        make()


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "-inf", "1_000", "--1", "1 000"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_decimal(text)


@given(amounts)
def test_what_was_written_is_read(amount: Decimal) -> None:
    assert parse_decimal(f" {amount} ") == amount


def test_decimal128_is_what_mongodb_gets() -> None:
    assert to_decimal128(Decimal("1.10")) == Decimal128("1.10")
