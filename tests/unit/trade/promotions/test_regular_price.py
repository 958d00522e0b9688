"""The regular price is what unflagged weeks around cost; a price that came with the sales wins."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.data.regular_price import regular_prices as ai_regular_prices
from app.trade.promotions.regular_price import PricedWeek, regular_prices


def week(number: int, price: str | None, deal: bool = False, given_price: str | None = None, feature: float = 0.0) -> PricedWeek:
    return PricedWeek(
        number, 10, Decimal(price) if price else None, Decimal(given_price) if given_price else None, deal, feature, False
    )


def test_a_deal_week_has_the_regular_price_of_the_weeks_around_it() -> None:
    weeks = [week(1, "2.00"), week(2, "2.10"), week(3, "1.50", deal=True), week(4, "2.20")]
    assert regular_prices(weeks) == [Decimal("2.10")] * 4


def test_an_even_number_of_weeks_gives_the_middle_of_the_two_middle_prices() -> None:
    weeks = [week(1, "2.00"), week(2, "2.10"), week(3, "2.20"), week(4, "2.30")]
    assert regular_prices(weeks)[0] == Decimal("2.15")


def test_a_price_that_came_with_the_sales_wins() -> None:
    weeks = [week(1, "2.00"), week(2, "2.00"), week(3, "2.00", given_price="2.49")]
    assert regular_prices(weeks) == [Decimal("2.00"), Decimal("2.00"), Decimal("2.49")]


def test_too_few_unflagged_weeks_nearby_widen_the_view() -> None:
    far = [week(number, "3.00") for number in (12, 13, 14)]
    weeks = [week(1, "1.00", deal=True), *far]
    assert regular_prices(weeks)[0] == Decimal("3.00")


def test_with_flags_everywhere_the_highest_price_nearby_is_regular() -> None:
    weeks = [week(1, "1.00", deal=True), week(5, "1.80", feature=0.5), week(40, "9.00", deal=True)]
    assert regular_prices(weeks) == [Decimal("1.80"), Decimal("1.80"), Decimal("9.00")]


def test_without_any_price_nothing_is_known() -> None:
    assert regular_prices([week(1, None)]) == [None]


SERIES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(50, 400), st.booleans()), min_size=1, max_size=50, unique_by=lambda row: row[0]
).map(sorted)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_the_finder_and_the_ai_service_agree_on_every_regular_price(series: list[tuple[int, int, bool]]) -> None:
    """Two implementations in two images: the depth in the list must be the depth in the analysis."""
    ours = regular_prices([week(number, str(Decimal(cents) / 100), deal) for number, cents, deal in series])
    span = series[-1][0] + 1
    price, flagged = np.full((1, span), np.nan), np.zeros((1, span), bool)
    for number, cents, deal in series:
        price[0, number], flagged[0, number] = cents / 100, deal
    theirs = ai_regular_prices(price, flagged, np.full((1, span), np.nan))
    for (number, _cents, _deal), own in zip(series, ours, strict=True):
        assert own is not None
        assert abs(float(own) - theirs[0, number]) < 1e-9
