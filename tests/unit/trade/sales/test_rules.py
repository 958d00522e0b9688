"""Facts as values: identity, weeks, and how amounts complete each other."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.sales.models import Grain, SalesPoint
from app.trade.sales.rules import Incomplete, by_week, complete_prices, fact_id, period_of

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def test_equal_facts_have_equal_ids_and_others_do_not() -> None:
    ids = {
        fact_id("c", "p", MONDAY, "pos"),
        fact_id("c", "p", MONDAY, "shipment"),
        fact_id("c", "q", MONDAY, "pos"),
        fact_id("d", "p", MONDAY, "pos"),
        fact_id("c", "p", datetime(2024, 1, 8, tzinfo=UTC), "pos"),
    }
    assert len(ids) == 5
    assert fact_id("c", "p", MONDAY, "pos") in ids


def test_a_day_of_a_week_is_stored_under_its_monday() -> None:
    assert period_of(date(2024, 1, 7), Grain.WEEK) == MONDAY
    assert period_of(date(2024, 1, 7), Grain.DAY) == datetime(2024, 1, 7, tzinfo=UTC)


def test_revenue_follows_from_units_and_price() -> None:
    assert complete_prices(D(10), "USD", price_paid=D("2.499")) == (D("24.99"), D("24.99"), D("2.499"), None)


def test_price_follows_from_revenue_and_units() -> None:
    assert complete_prices(D(3), "USD", net_revenue=D(10))[2] == D("3.333333")


def test_without_units_there_is_no_price() -> None:
    assert complete_prices(D(0), "USD", net_revenue=D(0))[2] is None


def test_gross_revenue_is_units_at_the_regular_price() -> None:
    net, gross, _price, _warning = complete_prices(D(10), "USD", net_revenue=D(20), price_regular=D("2.50"))
    assert (net, gross) == (D(20), D("25.00"))


def test_gross_revenue_alone_stands_for_net() -> None:
    assert complete_prices(D(2), "USD", gross_revenue=D(5))[:2] == (D(5), D(5))


def test_revenue_that_contradicts_the_price_is_kept_with_a_warning() -> None:
    net, _gross, _price, warning = complete_prices(D(10), "USD", net_revenue=D(99), price_paid=D("2.51"))
    assert net == D(99)
    assert warning is not None
    assert "25.10" in warning


def test_rounding_of_a_price_is_no_contradiction() -> None:
    assert complete_prices(D(1000), "USD", net_revenue=D("3333.33"), price_paid=D("3.33"))[3] is None


def test_a_row_without_any_amount_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        complete_prices(D(10), "USD", price_regular=D(3))


@given(
    st.decimals(1, 10_000, places=0),
    st.decimals("0.01", 1000, places=2, allow_nan=False),
)
def test_price_and_revenue_lead_back_to_each_other(units: D, price: D) -> None:
    net = complete_prices(units, "USD", price_paid=price)[0]
    again = complete_prices(units, "USD", net_revenue=net)[2]
    assert again is not None
    assert abs(again - price) <= D("0.005") / units + D("0.000001")


def point(day: int, units: int) -> SalesPoint:
    return SalesPoint(datetime(2024, 1, day, tzinfo=UTC), None, D(units), D(units), D(units), D(0), D(0), 1)


@given(st.lists(st.tuples(st.integers(1, 31), st.integers(0, 99)), max_size=40))
def test_weeks_hold_all_units_of_their_days(days: list[tuple[int, int]]) -> None:
    weeks = by_week(point(day, units) for day, units in days)
    assert sum(week.units for week in weeks) == sum(units for _day, units in days)
    assert all(week.period is not None and week.period.weekday() == 0 for week in weeks)
    assert len({week.period for week in weeks}) == len(weeks)
