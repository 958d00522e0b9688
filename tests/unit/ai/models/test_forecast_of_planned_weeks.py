"""The forecast on the invented market, whose promotions double the units."""

from collections.abc import Callable

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.evaluation.orange_juice import known_at
from ai.evaluation.scores import score
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models import trees
from ai.models.forecast import AIMS, Forecast, Forecaster, ForecastModel, TooShort, fit_forecast

pytestmark = pytest.mark.slow  # models are trained here

ORIGIN, TARGETS = 79, (81, 82)


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> None:
    """Enough for an invented market; keeps the tests quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 30)
        yield


@pytest.fixture(scope="module")
def known(panel: Panel) -> Panel:
    return known_at(panel, ORIGIN, max(TARGETS))


@pytest.fixture(scope="module")
def fitted(known: Panel) -> ForecastModel:
    return fit_forecast(known, (2, 3))


@pytest.fixture(scope="module")
def found(known: Panel, fitted: ForecastModel) -> Forecast:
    return ask(known, fitted)


def ask(panel: Panel, model: ForecastModel) -> Forecast:
    return Forecaster(model, ForecastRows(market_of(panel))).forecast(ORIGIN, TARGETS, np.arange(len(panel.series)))


def test_it_is_nearer_than_the_last_week(found: Forecast, panel: Panel) -> None:
    actual = panel.units[:, TARGETS]
    last = np.repeat(panel.units[:, [ORIGIN]], len(TARGETS), axis=1)
    assert score(actual, found.median).wmape < 0.7 * score(actual, last).wmape


def test_a_planned_promotion_raises_the_forecast(known: Panel, fitted: ForecastModel, make_panel: Callable[..., Panel]) -> None:
    quiet, promoted = known_at(make_panel(), ORIGIN, 82), known_at(make_panel(), ORIGIN, 82)
    for plan, price, deal in ((quiet, 4.0, 0.0), (promoted, 3.0, 1.0)):
        plan.price[:, ORIGIN + 1 :], plan.deal[:, ORIGIN + 1 :] = price, deal
    assert (ask(promoted, fitted).mean.sum(axis=0) > 1.3 * ask(quiet, fitted).mean.sum(axis=0)).all()


def test_a_promotion_in_one_store_alone_is_seen_there(
    known: Panel, fitted: ForecastModel, make_panel: Callable[..., Panel]
) -> None:
    """In the market's past all stores promote together; a single one must not be drawn to what the others do."""
    quiet, alone = known_at(make_panel(), ORIGIN, 82), known_at(make_panel(), ORIGIN, 82)
    for plan in (quiet, alone):
        plan.price[:, ORIGIN + 1 :], plan.deal[:, ORIGIN + 1 :] = 4.0, 0.0
    alone.price[0, ORIGIN + 1 :], alone.deal[0, ORIGIN + 1 :] = 3.0, 1.0
    one, other = ask(alone, fitted).mean, ask(quiet, fitted).mean
    assert (one[0] > 1.2 * other[0]).all()
    assert np.allclose(one[5:10], other[5:10], rtol=0.1)


def test_what_is_asked_for_beside_changes_no_answer(known: Panel, fitted: ForecastModel, found: Forecast) -> None:
    some = np.array([7, 2, 30])
    alone = Forecaster(fitted, ForecastRows(market_of(known))).forecast(ORIGIN, TARGETS, some)
    assert np.allclose(alone.mean, found.mean[some])
    assert np.allclose(alone.quantiles, found.quantiles[some])


def test_quantiles_never_cross_and_units_are_never_negative(found: Forecast) -> None:
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    assert (found.quantiles >= 0).all()
    assert (found.mean >= 0).all()
    assert (found.mape >= 0).all()


def test_what_is_sold_later_changes_nothing(make_panel: Callable[..., Panel], fitted: ForecastModel, found: Forecast) -> None:
    other = make_panel()
    other.units[:, ORIGIN + 1 :] *= 9
    again = fit_forecast(known_at(other, ORIGIN, max(TARGETS)), (2, 3))
    assert np.array_equal(again.spread.z, fitted.spread.z)
    for aim in AIMS:
        assert again.members.trees[aim].text == fitted.members.trees[aim].text
        for one, other_block in zip(again.members.ridge[aim].blocks, fitted.members.ridge[aim].blocks, strict=True):
            assert np.array_equal(one.coefficients, other_block.coefficients)
    same = ask(known_at(other, ORIGIN, max(TARGETS)), again)
    assert np.array_equal(same.mean, found.mean)
    assert np.array_equal(same.quantiles, found.quantiles)


def test_its_errors_are_measured_on_weeks_it_had_not_seen(fitted: ForecastModel) -> None:
    assert fitted.spread.tried > 0
    assert 0 < fitted.metrics["objective"]["mean"]["wmape"] < 0.6
    assert 0.5 < fitted.metrics["coverage80"] <= 1


def test_the_mean_lies_above_what_the_percentage_error_wants(found: Forecast, panel: Panel) -> None:
    """Units are lognormal, so the percentage error is smallest below the mean; the mean's own sum is near what sold."""
    sold = panel.units[:, TARGETS].sum()
    assert found.mape.sum() < found.mean.sum()
    assert found.mean.sum() == pytest.approx(sold, rel=0.15)


def test_too_few_weeks_are_refused(known: Panel) -> None:
    with pytest.raises(TooShort, match="16 weeks"):
        fit_forecast(known_at(known, 12, 12))


def test_a_series_that_never_sold_gets_no_number(make_panel: Callable[..., Panel], fitted: ForecastModel) -> None:
    panel = make_panel()
    panel.units[3] = np.nan
    found = ask(known_at(panel, ORIGIN, 82), fitted)
    assert np.isnan(found.mean[3]).all()
    assert np.isfinite(found.mean[4]).all()


def test_zero_units_returns_and_missing_prices_do_no_harm(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel()
    panel.units[0, :] = 0.0
    panel.units[1, 5:60:7] = -20.0
    panel.price[2, :] = np.nan
    panel.units[4, 20:50] = np.nan
    known = known_at(panel, ORIGIN, 82)
    found = ask(known, fit_forecast(known, (2, 3)))
    assert np.isfinite(found.quantiles).all()
    assert found.mean[0].max() < 3
    assert (found.mean >= 0).all()
