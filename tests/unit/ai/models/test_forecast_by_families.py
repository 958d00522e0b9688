"""A forecast made family by family is the one that the whole market would give."""

from dataclasses import replace

import numpy as np
import pytest

from ai.data.panel import Customer, Panel, Product, build_panel
from ai.data.plan import PlannedEvent, with_plan
from ai.evaluation.scale import Size, invented_sales
from ai.features.design import blocks_of
from ai.features.forecast_rows import ForecastRows
from ai.models import trees
from ai.models.book import Book, book_of, families_of
from ai.models.forecast import Forecast, Forecaster, fit_forecast
from ai.registry.forecast_files import forecast_market, pack_forecast

pytestmark = pytest.mark.slow  # a model is trained here
STORES, PRODUCTS, WEEKS = 6, 5, 60


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Two retailers of three stores; three juices and two soaps."""
    sales = invented_sales(Size(STORES, PRODUCTS, WEEKS))
    customers = {
        key: Customer(key, key, f"cus_chain_{number % 2}", (f"cus_chain_{number % 2}", key))
        for number, key in enumerate(sales.customer_ids)
    }
    products = {key: Product(key, key, "juice" if number < 3 else "soap") for number, key in enumerate(sales.product_ids)}
    found = build_panel(sales, customers, products)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def book(panel: Panel) -> Book:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 10)
        return book_of(panel, *pack_forecast(fit_forecast(panel, (1, 2)), panel))


def as_a_whole(book: Book, series: np.ndarray, weeks: list[int], events: list[PlannedEvent]) -> Forecast:
    plan = with_plan(book.panel, max(weeks), events)
    forecaster = Forecaster(book.bound.model, ForecastRows(forecast_market(plan, book.bound)))
    return forecaster.forecast(book.panel.weeks - 1, tuple(week - plan.first_week for week in weeks), series)


def test_families_are_the_categories_of_each_retailer(panel: Panel, book: Book) -> None:
    found = [
        {(book.bound.blocks[number].category_id, book.bound.blocks[number].chain_id) for number in family}
        for family in book.families
    ]
    assert sorted(map(sorted, found)) == sorted(
        [[(category, f"cus_chain_{chain}")] for category in ("juice", "soap") for chain in (0, 1)]
    )


def test_family_by_family_is_the_same_as_all_at_once(panel: Panel, book: Book) -> None:
    weeks = [panel.last_week + ahead for ahead in (1, 2, 4)]
    events = [
        PlannedEvent(np.arange(0, STORES * PRODUCTS, 3), weeks[0], weeks[1], cut=0.25, deal=1.0),
        PlannedEvent(np.array([4, 9]), weeks[1], weeks[2], price=2.5, feature=1.0),
    ]
    series = np.array([29, 3, 4, 17, 0, 9])
    prices, found = book.forecast(series, weeks, events)
    whole = as_a_whole(book, series, weeks, events)
    assert np.allclose(found.mean, whole.mean)
    assert np.allclose(found.mape, whole.mape)
    assert np.allclose(found.quantiles, whole.quantiles)
    plan = with_plan(book.panel, max(weeks), events)
    assert np.array_equal(prices, plan.price[series][:, [week - plan.first_week for week in weeks]])
    assert (prices < 4.0).any(), "no planned price arrived"


def test_a_product_that_changed_its_category_keeps_its_old_rivals_in_sight(panel: Panel) -> None:
    moved = replace(panel, products=panel.products | {"prd_0": Product("prd_0", "prd_0", "soap")})
    assert [len(family) for family in families_of(moved, blocks_of(panel))] == [PRODUCTS, PRODUCTS]
    assert sorted(len(family) for family in families_of(panel, blocks_of(panel))) == [2, 2, 3, 3]


def test_series_the_model_has_not_seen_get_no_number(panel: Panel, book: Book) -> None:
    seen = book.bound.seen.copy()
    seen[4] = False
    blind = replace(book, bound=replace(book.bound, seen=seen))
    _prices, found = blind.forecast(np.array([3, 4]), [panel.last_week + 1], [])
    assert np.isfinite(found.mean[0]).all()
    assert np.isnan(found.mean[1]).all()
    assert np.isnan(found.quantiles[1]).all()
