"""A fit that ends in a week gives the same model whatever sells afterwards, on a panel that holds what does.

The windows that bands and published errors are measured on are such fits: the later weeks lie in the same arrays.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models import forecast, trees
from ai.models.forecast import AIMS, Members

pytestmark = pytest.mark.slow  # models are trained here
LAST, HORIZONS = 60, (1, 4)
Change = Callable[[Panel], None]


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 8)
        yield


def fitted(panel: Panel) -> tuple[ForecastRows, Members]:
    rows = ForecastRows(market_of(panel))
    learned = forecast._Learned(rows, forecast._learning_rows(rows, panel.weeks - 1, HORIZONS))
    return rows, forecast._fit_members(rows, learned, LAST, 1)


@pytest.fixture(scope="module")
def plain(make_panel: Callable[..., Panel]) -> tuple[ForecastRows, Members]:
    return fitted(make_panel())


def sells_more_later(panel: Panel) -> None:
    panel.units[:, LAST + 1 :] *= 9


def is_not_sold_later(panel: Panel) -> None:
    panel.units[::2, LAST + 1 :] = np.nan


def sells_more_in_the_last_week(panel: Panel) -> None:
    panel.units[:, LAST] *= 9


def same(one: Members, other: Members) -> bool:
    """Trees by their text, ridges by every number."""
    for aim in AIMS:
        if one.trees[aim].text != other.trees[aim].text:
            return False
        if not np.array_equal(one.ridge[aim].usual, other.ridge[aim].usual):
            return False
        for mine, its in zip(one.ridge[aim].blocks, other.ridge[aim].blocks, strict=True):
            if not all(np.array_equal(getattr(mine, name), getattr(its, name)) for name in mine.__dataclass_fields__):
                return False
    return True


@pytest.mark.parametrize("change", [sells_more_later, is_not_sold_later])
def test_what_sells_later_changes_neither_the_fit_nor_its_forecasts(
    change: Change, plain: tuple[ForecastRows, Members], make_panel: Callable[..., Panel]
) -> None:
    panel = make_panel()
    change(panel)
    rows, members = fitted(panel)
    assert same(members, plain[1])
    series = np.arange(len(panel.series))
    _rows, found = forecast._PointsOf(members, rows)(LAST, LAST + 4, series)
    _plain, expected = forecast._PointsOf(plain[1], plain[0])(LAST, LAST + 4, series)
    for aim in AIMS:
        assert np.array_equal(found.log_units[aim], expected.log_units[aim])


def test_what_sells_in_the_last_week_does_change_it(
    plain: tuple[ForecastRows, Members], make_panel: Callable[..., Panel]
) -> None:
    """So that the test above can fail."""
    panel = make_panel()
    sells_more_in_the_last_week(panel)
    assert not same(fitted(panel)[1], plain[1])
