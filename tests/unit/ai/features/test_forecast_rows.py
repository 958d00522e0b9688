"""Every column of a forecast is known at its origin: whatever is sold or planned later changes nothing."""

from collections.abc import Callable

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.features.forecast_rows import ForecastRows, Rows
from ai.features.market import decayed_mean, market_of, past_mean

ORIGIN, TARGET = 40, 43


def rows_of(panel: Panel) -> Rows:
    return ForecastRows(market_of(panel)).rows(ORIGIN, TARGET, np.arange(len(panel.series)))


def test_sales_after_the_origin_change_no_column(make_panel: Callable[..., Panel]) -> None:
    one, other = make_panel(), make_panel()
    other.units[:, ORIGIN + 1 :] = 7.0 + 1_000 * np.random.default_rng(1).random(other.units[:, ORIGIN + 1 :].shape)
    assert np.array_equal(rows_of(one).values, rows_of(other).values, equal_nan=True)


def test_prices_and_promotions_after_the_target_change_no_column(make_panel: Callable[..., Panel]) -> None:
    one, other = make_panel(), make_panel()
    other.price[:, TARGET + 1 :] = 0.01
    other.deal[:, TARGET + 1 :] = 1.0
    other.feature[:, TARGET + 1 :] = 1.0
    assert np.array_equal(rows_of(one).values, rows_of(other).values, equal_nan=True)


def test_the_plan_of_the_target_does_change_columns(make_panel: Callable[..., Panel]) -> None:
    one, other = make_panel(), make_panel()
    other.price[:, TARGET] *= 0.5
    changed = ~np.isclose(rows_of(one).values, rows_of(other).values, equal_nan=True)
    names = {name for number, name in enumerate(rows_of(one).names) if changed[:, number].any()}
    assert {"price", "depth", "price_vs_26", "rival_depth", "analog_near"} <= names


def test_a_series_without_sales_yet_is_not_learned_from(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel()
    panel.units[0, : ORIGIN + 1] = np.nan
    assert 0 not in ForecastRows(market_of(panel)).sold(ORIGIN, TARGET)


def test_past_mean_leaves_the_week_itself_out() -> None:
    found = past_mean(np.array([[1.0, np.nan, 3.0, 100.0]]), 2)
    assert np.isnan(found[0, 0])
    assert found[0, 1:].tolist() == [1.0, 1.0, 3.0]


def test_decayed_mean_counts_older_weeks_less() -> None:
    assert decayed_mean(np.array([[8.0, 2.0, 99.0]]), 1, 0.5, 10)[0] == pytest.approx((8 * 0.5 + 2) / 1.5)
