from collections.abc import Callable

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.features.forecast_rows import ForecastRows
from ai.models import trees
from ai.models.forecast import Forecaster, ForecastModel, fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.registry.forecast_files import BoundForecast, UnreadableForecast, bind_forecast, forecast_market
from ai.registry.storage import StoredModel, pack, read, write

pytestmark = pytest.mark.slow  # models are trained here


@pytest.fixture(scope="module")
def forecast(panel: Panel) -> ForecastModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 10)
        return fit_forecast(panel, (2,))


@pytest.fixture(scope="module")
def stored(panel: Panel, model: LogLinearModel, forecast: ForecastModel, tmp_path_factory: pytest.TempPathFactory) -> StoredModel:
    folder = tmp_path_factory.mktemp("model")
    return read(folder, write(pack(model, panel, forecast), folder))


def bound_to(stored: StoredModel, panel: Panel) -> BoundForecast:
    return bind_forecast(stored.facts["forecast"], stored.arrays, panel)


def means(panel: Panel, bound: BoundForecast) -> np.ndarray:
    rows = ForecastRows(forecast_market(panel, bound))
    return Forecaster(bound.model, rows).forecast(81, (83,), np.arange(len(panel.series))).mean[:, 0]


def test_a_forecast_model_comes_back_as_it_was(stored: StoredModel, panel: Panel, forecast: ForecastModel) -> None:
    bound = bound_to(stored, panel)
    fresh = BoundForecast(forecast, bound.blocks, bound.seen)
    assert np.allclose(means(panel, bound), means(panel, fresh))
    assert stored.facts["metrics"]["forecast"] == forecast.metrics
    assert {"horizon", "price_vs_8", "analog_near"} <= set(stored.facts["features"]["forecast"])


def test_the_width_of_bands_comes_back_and_a_file_without_that_of_products_is_still_read(
    stored: StoredModel, panel: Panel, forecast: ForecastModel
) -> None:
    assert np.ptp(forecast.spread.blocks) > 0
    assert np.array_equal(bound_to(stored, panel).model.spread.blocks, forecast.spread.blocks)
    arrays = {name: values for name, values in stored.arrays.items() if name != "forecast.spread.blocks"}
    older = bind_forecast(stored.facts["forecast"], arrays, panel).model.spread
    rows = ForecastRows(forecast_market(panel, bound_to(stored, panel))).rows(81, 83, np.arange(len(panel.series)))
    assert np.isfinite(older.quantiles(rows, np.zeros(len(panel.series)))).all()


def test_after_a_store_has_gone_the_others_are_still_forecast(
    stored: StoredModel, make_panel: Callable[..., Panel], keep: Callable
) -> None:
    fewer = make_panel(lambda sales: keep(sales, sales.customer != 0))
    bound = bound_to(stored, fewer)
    assert bound.seen.all()
    assert np.isfinite(means(fewer, bound)).all()


def test_a_product_that_came_later_gets_no_number(
    stored: StoredModel, make_panel: Callable[..., Panel], keep: Callable, panel: Panel
) -> None:
    smaller = make_panel(lambda sales: keep(sales, sales.product != 1))
    facts = dict(stored.facts["forecast"])
    kept = [n for n, block in enumerate(facts["blocks"]) if block["product_id"] != "prd_b"]
    assert len(kept) == 2
    assert len(smaller.series) < len(panel.series)
    facts["blocks"] = [facts["blocks"][n] for n in kept]
    arrays = dict(stored.arrays)
    for aim in ("mape", "mean"):
        for new, old in enumerate(kept):
            for name in ("coefficients", "bent_mean", "bent_sd", "intercepts"):
                arrays[f"forecast.{aim}.{new}.{name}"] = stored.arrays[f"forecast.{aim}.{old}.{name}"]
    found = means(panel, bind_forecast(facts, arrays, panel))
    later = np.array([product == "prd_b" for _, product in panel.series])
    assert np.isnan(found[later]).all()
    assert np.isfinite(found[~later]).all()


@pytest.mark.parametrize("other", [2, 99])
def test_another_format_is_refused(stored: StoredModel, panel: Panel, other: int) -> None:
    """Format 2 held a chain's Gaussian process instead of the trees of the mean."""
    with pytest.raises(UnreadableForecast, match=f"format {other}"):
        bind_forecast(stored.facts["forecast"] | {"format": other}, stored.arrays, panel)
