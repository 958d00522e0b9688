"""Planted oddities are found with their cause; an ordinary market has next to none."""

from collections.abc import Callable

import numpy as np
import pytest

from ai.anomalies.search import Anomaly, find_anomalies
from ai.data.panel import Panel
from ai.models.loglinear import LogLinearModel

pytestmark = pytest.mark.slow  # models are trained here

WEEK = 45


@pytest.fixture
def search(make_panel: Callable[..., Panel], quick_model: Callable[[Panel], LogLinearModel]) -> Callable[..., list[Anomaly]]:
    def found(change: Callable[[Panel], None] = lambda _panel: None) -> list[Anomaly]:
        panel = make_panel()
        change(panel)
        return find_anomalies(panel, quick_model(panel), np.arange(len(panel.series)), np.arange(panel.weeks))

    return found


def test_an_ordinary_market_has_next_to_none(search: Callable[..., list[Anomaly]], panel: Panel) -> None:
    assert len(search()) < 0.002 * panel.units.size


def test_an_empty_shelf_in_one_store_is_found_first(search: Callable[..., list[Anomaly]]) -> None:
    def empty(panel: Panel) -> None:
        panel.units[4, WEEK] = 1.0

    first = search(empty)[0]
    assert (first.series, first.week, first.cause) == (4, WEEK, "out_of_stock")
    assert first.deviations < 0
    assert first.expected > 20


def test_a_week_that_every_store_shares_is_told_as_the_chains(search: Callable[..., list[Anomaly]]) -> None:
    def fair(panel: Panel) -> None:
        rows = [number for number, (_, product) in enumerate(panel.series) if product == "prd_b"]
        panel.units[rows, WEEK] *= 6

    of_week = [one for one in search(fair) if one.week == WEEK]
    assert len(of_week) >= 8
    assert {one.cause for one in of_week} == {"chain_wide"}


def test_a_mistyped_price_is_named(search: Callable[..., list[Anomaly]]) -> None:
    def mistyped(panel: Panel) -> None:
        panel.price[7, WEEK] = 40.0

    assert any(one.cause == "price_unusual" for one in search(mistyped) if (one.series, one.week) == (7, WEEK))
