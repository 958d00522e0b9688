"""Traits read off the invented market are those that were put in."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.data.panel import Panel, SalesColumns
from ai.models.loglinear import LogLinearModel
from ai.segments.groups import grouped
from ai.segments.traits import FEWEST_WEEKS, TRAITS, drawn_together, traits_of

from ..conftest import FIRST_MONDAY, LIFT, STORES

pytestmark = pytest.mark.slow  # models are trained here
LEVEL, PROMOTED, DEPTH, RESPONSE, SEASON, TREND = range(len(TRAITS))


estimates = st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 100)), min_size=3, max_size=20)


@given(estimates)
def test_estimates_are_drawn_to_their_mean_and_never_past_it(pairs: list[tuple[float, float]]) -> None:
    values, noise = np.array(pairs).T
    drawn, mean = drawn_together(values, noise), values.mean()
    assert (np.abs(drawn - mean) <= np.abs(values - mean) + 1e-9).all()
    assert ((drawn - mean) * (values - mean) >= -1e-9).all()
    if values.var(ddof=1) <= noise.mean():
        assert drawn == pytest.approx(np.full(len(values), mean))


def test_what_is_sure_stays_and_what_is_unknown_stays_unknown() -> None:
    values = np.array([1.0, 5.0, 9.0, np.nan])
    drawn = drawn_together(values, np.array([1e-12, 1e-12, 1e-12, np.nan]))
    assert drawn[:3] == pytest.approx(values[:3])
    assert np.isnan(drawn[3])


def weeks_of(sales: SalesColumns) -> np.ndarray:
    return np.asarray((sales.period - FIRST_MONDAY.timestamp()) // (7 * 86_400), dtype=int)


def changed(make_panel: Callable[..., Panel], change: Callable[[SalesColumns], np.ndarray]) -> Panel:
    """The market with units multiplied by what `change` gives."""
    return make_panel(lambda sales: replace(sales, units=np.rint(sales.units * change(sales))))


def test_stores_that_are_larger_and_answer_deals_more_are_told_apart(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]
) -> None:
    large, keen = 4, (8, 9, 10, 11)
    panel = changed(
        make_panel,
        lambda s: np.where(s.customer < large, 6.0, 1.0) * np.where(np.isin(s.customer, keen) & (s.deal > 0), 1.6, 1.0),
    )
    found = traits_of(panel, quick_model(panel), np.arange(len(panel.series)), "customers")
    place = {key: row for row, key in enumerate(found.ids)}
    larger = [place[f"cus_{n}"] for n in range(large)]
    others = [place[f"cus_{n}"] for n in range(large, STORES)]
    assert found.values[larger, LEVEL].mean() - found.values[others, LEVEL].mean() == pytest.approx(np.log(6), abs=0.35)
    keenest = [place[f"cus_{n}"] for n in keen]
    rest = [row for key, row in place.items() if row not in keenest]
    assert found.values[keenest, RESPONSE].min() > found.values[rest, RESPONSE].max()
    grouping = grouped(found.values, found.scale)
    assert grouping is not None
    assert len({int(grouping.group[row]) for row in larger}) == 1
    assert not {int(grouping.group[row]) for row in larger} & {int(grouping.group[row]) for row in others}


def test_promoted_share_depth_and_uplift_of_a_product_are_those_of_the_market(panel: Panel, model: LogLinearModel) -> None:
    found = traits_of(panel, model, np.arange(len(panel.series)), "products")
    assert found.ids == ["prd_a", "prd_b", "prd_c"]
    assert found.values[:, PROMOTED] == pytest.approx([2 / 7] * 3, abs=0.01)
    assert found.values[:, DEPTH] == pytest.approx([0.25] * 3, abs=0.001)
    # a deal of 20 % off lifts less than the market's of 25 %, which lifts by LIFT
    assert (0.4 * np.log(LIFT) < found.values[:, RESPONSE]).all()
    assert (found.values[:, RESPONSE] < np.log(LIFT) + 0.1).all()


def test_season_and_trend_are_found_once_there_is_a_year(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel], keep: Callable[..., SalesColumns]
) -> None:
    swing = changed(
        make_panel,
        lambda s: (
            np.where(s.product == 0, np.exp(0.5 * np.sin(2 * np.pi * weeks_of(s) / 52.1775)), 1.0)
            * np.where(s.product == 1, np.exp(0.3 * weeks_of(s) / 52.1775), 1.0)
        ),
    )
    found = traits_of(swing, quick_model(swing), np.arange(len(swing.series)), "products").values
    assert found[0, SEASON] == pytest.approx(0.5, abs=0.12)
    assert found[0, SEASON] > 3 * found[2, SEASON]
    assert found[1, TREND] == pytest.approx(0.3, abs=0.12)
    short = make_panel(lambda sales: keep(sales, weeks_of(sales) < 50))
    assert np.isnan(
        traits_of(short, quick_model(short), np.arange(len(short.series)), "products").values[:, [SEASON, TREND]]
    ).all()


def test_a_store_with_few_weeks_is_left_out_with_the_reason(
    make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel], keep: Callable[..., SalesColumns]
) -> None:
    panel = make_panel(lambda sales: keep(sales, (sales.customer != 3) | (weeks_of(sales) < FEWEST_WEEKS - 1)))
    found = traits_of(panel, quick_model(panel), np.arange(len(panel.series)), "customers")
    assert found.left_out == [("cus_3", f"{FEWEST_WEEKS - 1} weeks with sales; {FEWEST_WEEKS} are needed")]
    assert len(found.ids) == STORES - 1
