import numpy as np

from ai.data.regular_price import regular_prices


def series(prices: list[float], flags: list[int], given: list[float] | None = None) -> list[float]:
    known = np.array([given or [np.nan] * len(prices)])
    return regular_prices(np.array([prices]), np.array([flags], dtype=bool), known)[0].tolist()


def test_the_regular_price_of_a_deal_is_the_median_of_the_weeks_around() -> None:
    assert series([4, 4, 3, 4, 4.2], [0, 0, 1, 0, 0])[2] == 4


def test_a_price_that_came_with_the_sales_wins() -> None:
    assert series([4, 4, 3, 4], [0, 0, 1, 0], [np.nan, np.nan, 5.0, np.nan])[2] == 5


def test_with_too_few_unflagged_weeks_the_highest_price_counts() -> None:
    assert series([3, 3.5, 3, 3], [1, 1, 1, 1]) == [3.5] * 4


def test_a_permanent_change_is_followed_within_the_reach() -> None:
    regular = series([4.0] * 30 + [5.0] * 30, [0] * 60)
    assert regular[10] == 4
    assert regular[50] == 5


def test_unknown_prices_stay_unknown() -> None:
    assert np.isnan(series([np.nan, np.nan], [0, 0])).all()
