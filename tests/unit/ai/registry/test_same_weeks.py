"""The serving forecast and the back-test of a new one are held against the same cells, which neither has seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.evaluation.orange_juice import known_at
from ai.models import trees
from ai.models.forecast import ForecastModel, fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.registry.judge import held_back
from ai.registry.same_weeks import same_weeks
from ai.registry.storage import StoredModel, pack

pytestmark = pytest.mark.slow  # models are trained here
TRAINED_TO = 71  # week column; the market goes on to 83


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 10)
        yield


@pytest.fixture(scope="module")
def new(panel: Panel) -> ForecastModel:
    return fit_forecast(panel, (2,))


@pytest.fixture(scope="module")
def serving_of(panel: Panel, quick_model: Callable[[Panel], LogLinearModel]) -> Callable[[Panel], StoredModel]:
    model = quick_model(panel)
    return lambda sales: pack(model, sales, fit_forecast(sales, (2,)))


def test_both_are_asked_about_the_weeks_since_the_serving_ones_training(
    panel: Panel, new: ForecastModel, serving_of: Callable[[Panel], StoredModel]
) -> None:
    same = same_weeks(panel, new.back_test, serving_of(known_at(panel, TRAINED_TO, TRAINED_TO)))
    assert same is not None
    assert same.weeks == panel.weeks - 1 - TRAINED_TO
    assert same.new == pytest.approx(same.serving, rel=0.25)
    assert held_back({}, 1000, {}, 1000, same) is None


def test_a_new_model_that_is_worse_there_is_held_back_and_a_better_one_is_not(
    panel: Panel, new: ForecastModel, serving_of: Callable[[Panel], StoredModel]
) -> None:
    assert new.back_test is not None
    serving = serving_of(known_at(panel, TRAINED_TO, TRAINED_TO))
    worse = replace(new.back_test, median=new.back_test.median * 3)
    assert "on the same" in (held_back({}, 1000, {}, 1000, same_weeks(panel, worse, serving)) or "")
    exact = replace(new.back_test, median=new.back_test.units)
    same = same_weeks(panel, exact, serving)
    assert same is not None
    assert (same.new, same.serving > 0.05) == (0.0, True)


def test_what_the_serving_model_has_learned_from_is_no_test_of_it(
    panel: Panel, new: ForecastModel, serving_of: Callable[[Panel], StoredModel]
) -> None:
    assert same_weeks(panel, new.back_test, serving_of(panel)) is None
    assert same_weeks(panel, new.back_test, serving_of(known_at(panel, panel.weeks - 3, panel.weeks - 3))) is None


def test_without_a_forecast_or_a_back_test_nothing_is_compared(panel: Panel, new: ForecastModel) -> None:
    assert same_weeks(panel, new.back_test, StoredModel({}, {})) is None
    assert same_weeks(panel, None, StoredModel({}, {})) is None
    assert np.isfinite(new.back_test.median).all() if new.back_test else False
