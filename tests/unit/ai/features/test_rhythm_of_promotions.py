from collections.abc import Callable

import numpy as np

from ai.data.panel import Panel
from ai.features.market import market_of
from ai.features.rhythm import rhythm_columns, shelf_columns, weeks_running, weeks_since

FLAGS = np.array([[False, True, True, False, False, True]])


def test_weeks_since_a_flag_leave_the_week_itself_out() -> None:
    assert weeks_since(FLAGS).tolist() == [[1 + 26 - 1, 26, 1, 1, 2, 3]]


def test_a_run_counts_the_weeks_before_without_a_break() -> None:
    assert weeks_running(FLAGS).tolist() == [[0, 0, 1, 2, 0, 0]]


def test_the_cheapest_rival_is_another_product(panel: Panel) -> None:
    market = market_of(panel)
    gap = dict(rhythm_columns(market))["price_gap"]
    shelf = market.price_filled[market.shelf == 0]
    for row, found in enumerate(gap[market.shelf == 0]):
        assert np.allclose(found, shelf[row] - np.delete(shelf, row, axis=0).min(axis=0))


def test_the_shelf_knows_nothing_sold_after_the_origin(make_panel: Callable[..., Panel]) -> None:
    changed = make_panel()
    changed.units[:, 41:] *= 9
    one, other = (shelf_columns(market_of(panel), 40) for panel in (make_panel(), changed))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not np.array_equal(shelf_columns(market_of(changed), 45)["shelf_2"], one["shelf_2"])
