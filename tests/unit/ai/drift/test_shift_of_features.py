"""Drift of features: nothing where nothing changed, the right one where one did."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ai.data.panel import Panel, SalesColumns
from ai.data.weeks import monday_of
from ai.drift.look import look
from ai.drift.shift import NEWEST_WEEKS, shifts_of
from ai.models.loglinear import LogLinearModel


def states(panel: Panel) -> dict[str, str]:
    newest = np.arange(panel.weeks - NEWEST_WEEKS, panel.weeks)
    return {one.feature: one.state for one in shifts_of(panel, newest, np.arange(0, newest[0]))}


def late(sales: SalesColumns) -> np.ndarray:
    """The rows of the newest weeks."""
    return sales.period > sales.period.max() - (NEWEST_WEEKS - 0.5) * 7 * 86_400


def test_a_market_that_goes_on_as_before_has_not_shifted(panel: Panel) -> None:
    assert set(states(panel).values()) <= {"stable", "moved"}


def test_dearer_products_are_seen_in_the_price_only(make_panel: Callable[..., Panel]) -> None:
    found = states(make_panel(lambda sales: replace(sales, price=np.where(late(sales), sales.price * 1.4, sales.price))))
    assert found["price"] == "shifted"
    assert found["units"] != "shifted"
    assert found["feature"] == "stable"


def test_the_end_of_all_deals_is_seen(make_panel: Callable[..., Panel]) -> None:
    found = states(make_panel(lambda sales: replace(sales, deal=np.where(late(sales), 1.0, sales.deal))))
    assert found["deal"] == "shifted"


def test_halved_units_are_seen(make_panel: Callable[..., Panel]) -> None:
    found = states(make_panel(lambda sales: replace(sales, units=np.where(late(sales), sales.units * 0.4, sales.units))))
    assert found["units"] == "shifted"
    assert found["price"] != "shifted"


def test_too_few_sales_say_nothing(panel: Panel) -> None:
    empty = replace(panel, units=np.where(np.arange(panel.weeks) >= panel.weeks - NEWEST_WEEKS, np.nan, panel.units))
    assert set(states(empty).values()) == {"unknown"}


@pytest.mark.parametrize("unseen", [0, 5])
def test_weeks_after_the_training_are_counted(panel: Panel, quick_model: Callable[[Panel], LogLinearModel], unseen: int) -> None:
    trained_to = monday_of(panel.last_week) - timedelta(weeks=unseen)
    found = look(panel, trained_to, {}, None, quick_model(panel))
    assert found.unseen_weeks == unseen
    assert found.error.state == "unknown"
    assert found.newest[1] == monday_of(panel.last_week)
    assert isinstance(found.newest[0], date)
