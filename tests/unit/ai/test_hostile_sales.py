"""Sales as they come: short, thin, broken or huge. Each gives a sound answer or a clear refusal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ai.data.panel import Panel, SalesColumns, build_panel
from ai.data.weeks import monday_of
from ai.evaluation.scale import Size, invented_panel
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models import trees
from ai.models.forecast import Forecast, Forecaster, fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.models.uplift import Promotion, Refused, Uplift, UpliftModel

from .conftest import FIRST_MONDAY, STORES, WEEKS, market, places

DAY = 86_400.0
QuickModel = Callable[[Panel], LogLinearModel]


def week_of(sales: SalesColumns) -> np.ndarray:
    return ((sales.period - FIRST_MONDAY.timestamp()) // (7 * DAY)).astype(int)


def promotion_at(panel: Panel, week: int, product: str = "prd_a", customers: tuple[str, ...] = ("cus_chain",)) -> Promotion:
    start = monday_of(panel.first_week + week)
    return Promotion("p", customers, (product,), start, start + timedelta(days=13))


def first_promotion(panel: Panel, store: str = "cus_0", after: int = 20) -> int:
    weeks = np.flatnonzero(panel.promoted[panel.index[(store, "prd_a")]])
    return int(weeks[weeks > after][0])


def taken_apart(panel: Panel, quick_model: QuickModel, question: Promotion) -> Uplift:
    return UpliftModel(panel, quick_model(panel)).uplift(question)


def next_weeks(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> Forecast:
    """The last two weeks of the panel, forecast from the week before them."""
    monkeypatch.setattr(trees, "ROUNDS", 10)
    origin = panel.weeks - 3
    seen = replace(panel, units=np.where(np.arange(panel.weeks) <= origin, panel.units, np.nan))
    model = fit_forecast(seen, (1, 2))
    rows = ForecastRows(market_of(seen))
    return Forecaster(model, rows).forecast(origin, (origin + 1, origin + 2), np.arange(len(panel.series)))


def sound(found: Forecast) -> bool:
    ordered = (np.diff(found.quantiles, axis=-1) >= 0).all() and (found.quantiles >= 0).all()
    return bool(ordered and (found.mean >= 0).all() and (found.mape >= 0).all())


@pytest.fixture(scope="module")
def five_weeks(make_panel: Callable[..., Panel], keep: Callable) -> Panel:
    """Store 0 opened five weeks before the end."""
    return make_panel(lambda sales: keep(sales, (sales.customer != 0) | (week_of(sales) >= WEEKS - 5)))


def test_a_store_with_five_weeks_has_no_baseline_of_its_own_and_says_so(five_weeks: Panel, quick_model: QuickModel) -> None:
    week = WEEKS - 3
    with pytest.raises(Refused, match="no modelled sales at these customers"):
        taken_apart(five_weeks, quick_model, promotion_at(five_weeks, week, customers=("cus_0",)))
    found = taken_apart(five_weeks, quick_model, promotion_at(five_weeks, week))
    assert found.weeks[0].cells == STORES - 1


@pytest.mark.slow  # a model is trained
def test_a_store_with_five_weeks_is_forecast_near_its_own_level(five_weeks: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    found = next_weeks(five_weeks, monkeypatch)
    assert sound(found)
    row = five_weeks.index[("cus_0", "prd_a")]
    own = np.nanmean(five_weeks.units[row, -5:-2])
    assert own / 3 < found.median[row, 0] < own * 3


def test_gaps_are_left_out_and_not_taken_for_nothing_sold(
    make_panel: Callable[..., Panel], keep: Callable, quick_model: QuickModel, panel: Panel
) -> None:
    rng = np.random.default_rng(5)
    gaps = make_panel(lambda sales: keep(sales, rng.random(len(sales)) > 0.3))
    whole = taken_apart(panel, quick_model, promotion_at(panel, first_promotion(panel)))
    part = taken_apart(gaps, quick_model, promotion_at(gaps, first_promotion(panel)))
    assert part.actual < whole.actual
    assert part.actual / part.baseline.expected == pytest.approx(whole.actual / whole.baseline.expected, rel=0.2)


@pytest.mark.slow  # a model is trained
def test_returns_make_no_negative_baseline_or_forecast(
    make_panel: Callable[..., Panel], quick_model: QuickModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    returned = make_panel(lambda sales: replace(sales, units=np.where(week_of(sales) % 9 == 4, -sales.units, sales.units)))
    found = taken_apart(returned, quick_model, promotion_at(returned, first_promotion(returned)))
    assert found.baseline.expected > 0
    assert all(week.baseline.expected >= 0 for week in found.weeks)
    assert sound(next_weeks(returned, monkeypatch))


def test_the_only_promotion_there_ever_was_is_found(make_panel: Callable[..., Panel], quick_model: QuickModel) -> None:
    """Its lift is not in the coefficients' past, but the weeks around it say what would have sold."""

    def once(sales: SalesColumns) -> SalesColumns:
        week, promoted = week_of(sales), sales.deal > 0
        only = (week >= 40) & (week < 42)
        units = np.where(promoted, sales.units / 1.9, sales.units)
        return replace(sales, units=np.where(only, units * 1.9, units), deal=only.astype(float), price=np.where(only, 3.0, 4.0))

    panel = make_panel(once)
    found = taken_apart(panel, quick_model, promotion_at(panel, 40))
    assert found.actual / found.baseline.expected == pytest.approx(1.9, rel=0.2)


def test_duplicated_rows_count_twice_and_change_no_price(make_panel: Callable[..., Panel], panel: Panel) -> None:
    def doubled(sales: SalesColumns) -> SalesColumns:
        names = ("customer", "product", "period", "units", "price", "price_regular", "cost", "deal", "feature", "display")
        return replace(sales, **{name: np.tile(getattr(sales, name), 2) for name in names})

    twice = make_panel(doubled)
    assert np.allclose(twice.units, 2 * panel.units)
    assert np.allclose(twice.price, panel.price)
    assert np.array_equal(twice.promoted, panel.promoted)
    assert len(twice.series) == len(panel.series)


def test_104_weeks_of_days_are_the_same_as_their_weeks(quick_model: QuickModel) -> None:
    sales = market()
    names = ("customer", "product", "period", "units", "price", "price_regular", "cost", "deal", "feature", "display")
    weekly = replace(sales, **{name: np.tile(getattr(sales, name), 2) for name in names})
    weekly.period[len(sales) :] += 20 * 7 * DAY  # 104 weeks in all; the middle ones overlap and add up
    days = np.arange(7)
    daily = replace(weekly, **{name: np.repeat(getattr(weekly, name), 7) for name in names})
    daily.period += np.tile(days * DAY, len(weekly))
    daily.units /= 7.0
    one, other = (build_panel(columns, *places()) for columns in (weekly, daily))
    assert one is not None
    assert other is not None
    assert other.weeks == 104
    assert np.allclose(one.units, other.units)
    assert np.array_equal(one.promoted, other.promoted)
    week = int(np.flatnonzero(other.promoted[other.index[("cus_0", "prd_a")]])[10])
    found = [taken_apart(panel, quick_model, promotion_at(panel, week)) for panel in (one, other)]
    assert found[0].baseline.expected == pytest.approx(found[1].baseline.expected)


@pytest.mark.long
def test_twenty_thousand_series_are_answered(quick_model: QuickModel, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = invented_panel(Size(stores=200, products=100, weeks=30))
    assert len(panel.series) == 20_000
    store, product = panel.series[0]
    week = int(np.flatnonzero(panel.promoted[0])[-4])
    found = taken_apart(panel, quick_model, promotion_at(panel, week, product))
    assert store == "cus_0"
    assert found.actual > found.baseline.expected > 0
    assert sound(next_weeks(panel, monkeypatch))
