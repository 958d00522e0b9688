from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ai.data.panel import Panel, PanelTooLarge, SalesColumns, build_panel


def row_sales(**columns: list[float]) -> SalesColumns:
    count = len(columns["units"])
    base = {
        "period": [1_704_067_200.0] * count,  # Monday 2024-01-01
        "price": [2.0] * count,
        "price_regular": [np.nan] * count,
        "cost": [1.0] * count,
        "deal": [0.0] * count,
        "feature": [0.0] * count,
        "display": [np.nan] * count,
    } | columns
    return SalesColumns(
        ["c"], ["p"], np.zeros(count, int), np.zeros(count, int), **{key: np.array(value, float) for key, value in base.items()}
    )


def test_no_sales_make_no_panel() -> None:
    assert build_panel(row_sales(units=[]), {}, {}) is None


def test_days_of_a_week_are_added_up_and_prices_weighted_with_units() -> None:
    day = 86_400.0
    start = 1_704_067_200.0
    sales = row_sales(units=[1, 3], period=[start, start + 6 * day], price=[4.0, 2.0], deal=[0, 1])
    panel = build_panel(sales, {}, {})
    assert panel is not None
    assert panel.units.tolist() == [[4.0]]
    assert panel.price[0, 0] == pytest.approx(2.5)
    assert panel.deal[0, 0] == pytest.approx(0.75)


def test_a_missing_row_is_unknown_and_not_zero(make_panel: Callable[..., Panel], keep: Callable) -> None:
    panel = make_panel(
        lambda sales: keep(sales, ~((sales.customer == 0) & (sales.product == 0) & (np.arange(len(sales)) % 84 == 5)))
    )
    row = panel.index[("cus_0", "prd_a")]
    assert np.isnan(panel.units[row, 5])
    assert not panel.known[row, 5]


def test_returns_are_kept_as_negative_units() -> None:
    panel = build_panel(row_sales(units=[-3]), {}, {})
    assert panel is not None
    assert panel.units[0, 0] == -3


def test_a_price_five_percent_under_the_regular_one_is_a_promotion(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(lambda sales: replace(sales, deal=np.zeros(len(sales))))
    assert panel.promoted.sum() > 0
    assert (panel.price[panel.promoted] < 0.95 * panel.price_regular[panel.promoted]).all()


def test_a_mistyped_year_is_refused_instead_of_filling_the_memory() -> None:
    with pytest.raises(PanelTooLarge, match="mistyped"):
        build_panel(row_sales(units=[1, 1], period=[0.0, 4e9]), {}, {})


def test_a_node_stands_for_all_stores_below(panel: Panel) -> None:
    assert set(panel.stores_under(["cus_chain"])) == set(panel.customers)
    assert panel.stores_under(["cus_3"]) == ["cus_3"]
