"""Facts as weeks, and digests that change exactly when the sales do."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.trade.promotions.series import monday_of, sales_hash, sunday_of, week_number, weekly

MONDAY = datetime(2026, 3, 16, tzinfo=UTC)
WEEK = week_number(MONDAY.date())


def fact(day: int = 0, units: float = 10, price: str = "2.00", **more: Any) -> dict[str, Any]:
    period = MONDAY + timedelta(days=day)
    return {
        "period": period,
        "units": units,
        "price_paid": Decimal128(price),
        "deal": False,
        "feature": 0.0,
        "display": False,
        **more,
    }


@given(st.dates(date(1970, 1, 5), date(2199, 12, 31)))
def test_week_numbers_and_days_agree(day: date) -> None:
    number = week_number(day)
    assert monday_of(number).date() <= day <= sunday_of(number).date()


def test_days_are_added_up_and_their_price_weighted_by_units() -> None:
    [week] = weekly([fact(0, 10, "2.00"), fact(1, 30, "1.00", deal=True)]).weeks
    assert (week.number, week.units, week.price, week.deal) == (WEEK, 40, Decimal("1.25"), True)


def test_a_week_without_price_or_units_has_no_price() -> None:
    assert weekly([fact(price="2.00", units=0), fact(1, 0, "3.00")]).weeks[0].price is None
    assert weekly([{**fact(), "price_paid": None}]).weeks[0].price is None


def hashed(*facts: dict[str, Any]) -> str:
    return sales_hash({"a": weekly(facts)}, ["a"], WEEK, WEEK)


def test_the_hash_sees_every_figure_the_analysis_uses() -> None:
    before = hashed(fact())
    changed = ({"units": 11}, {"price": "2.01"}, {"deal": True}, {"feature": 0.5}, {"unit_acquisition_cost": Decimal128("1")})
    assert len({before, *(hashed(fact(**change)) for change in changed)}) == len(changed) + 1


def test_the_hash_ignores_weeks_far_away_and_other_stores() -> None:
    near, far = fact(7 * 6), fact(7 * 7)
    assert hashed(fact(), far) == hashed(fact())
    assert hashed(fact(), near) != hashed(fact())
    both = {"a": weekly([fact()]), "b": weekly([fact(units=99)])}
    assert sales_hash(both, ["a"], WEEK, WEEK) == hashed(fact())
