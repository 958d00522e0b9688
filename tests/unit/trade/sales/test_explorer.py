"""Putting sales together: months, leading members, sums."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.trade.sales.explorer import Row, SalesQuery, leading, month_of, total


def row(name: str, units: int, revenue: str, deal: int = 0, period: date = date(2026, 1, 5)) -> Row:
    return Row(period, name, name.upper(), Decimal(units), Decimal(revenue), Decimal(revenue), Decimal(deal), Decimal(0))


@pytest.mark.parametrize(("monday", "month"), [
    ((2026, 1, 5), (2026, 1)), ((2026, 3, 30), (2026, 4)), ((2026, 6, 29), (2026, 7)), ((2025, 12, 29), (2026, 1)),
    ((2026, 4, 27), (2026, 4)),
])  # fmt: skip
def test_a_week_belongs_to_the_month_of_its_thursday(monday: tuple[int, int, int], month: tuple[int, int]) -> None:
    assert month_of(datetime(*monday, tzinfo=UTC)) == datetime(*month, 1, tzinfo=UTC)


def test_price_and_deal_share_of_sums_are_weighted() -> None:
    summed = total([row("a", 10, "20"), row("b", 30, "30", deal=20)])
    assert summed is not None
    assert (summed.price, summed.deal_share) == (Decimal("1.25"), Decimal("0.5"))
    assert total([]) is None


def test_the_leading_members_are_those_that_sold_or_took_in_most() -> None:
    rows = [row("a", 10, "20"), row("b", 30, "10"), row("c", 1, "90"), row("a", 25, "1")]
    assert leading(rows, "units", 2)[0] == ["a", "b"]
    assert leading(rows, "revenue", 2)[0] == ["c", "a"]


def test_an_address_names_several_by_commas() -> None:
    assert SalesQuery.model_validate({"customer": "cus_1,cus_2,"}).customer == ["cus_1", "cus_2"]
