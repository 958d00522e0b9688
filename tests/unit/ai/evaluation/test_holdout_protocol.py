from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.evaluation.holdout import hidden_runs
from ai.evaluation.placebo import placebo_test
from ai.evaluation.planted import planted_test
from ai.evaluation.quiet_windows import WEEKS, predict_windows, quiet_eights
from ai.models.loglinear import Calibration, LogLinearModel, fit_blocks

pytestmark = pytest.mark.slow  # models are trained here


def test_every_week_is_hidden_exactly_once() -> None:
    weeks = np.concatenate([run for _, run in hidden_runs(83)])
    assert sorted(weeks) == list(range(83))


def test_a_model_that_may_not_see_weeks_does_not_depend_on_them(make_panel: Callable[..., Panel]) -> None:
    hidden = np.zeros(84, bool)
    hidden[20:40] = True
    plain, spoiled = make_panel(), make_panel()
    spoiled.units[:, 20:40] *= np.random.default_rng(1).uniform(0.1, 9, spoiled.units[:, 20:40].shape)
    for key, model in fit_blocks(plain, hidden)[0].items():
        other = fit_blocks(spoiled, hidden)[0][key]
        assert np.array_equal(model.fit.coefficients, other.fit.coefficients)
        assert model.shared == other.shared


def test_bands_cover_what_they_claim_on_hidden_weeks(model: LogLinearModel) -> None:
    metrics = model.metrics
    assert metrics["single"]["coverage80"] == pytest.approx(0.8, abs=0.05)
    assert abs(metrics["chain"]["bias"]) < 0.05


def test_the_model_beats_simple_means_on_the_same_weeks(model: LogLinearModel) -> None:
    assert model.metrics["single"]["wmape"] < model.metrics["peers"]["mean_of_4_before"]["wmape_single"]


def test_placebos_find_nothing(panel: Panel, model: LogLinearModel) -> None:
    found = placebo_test(panel, model)
    assert found.count > 20
    assert abs(found.mean_effect) < 0.03
    assert found.outside95 < 0.12
    assert found.judged > 20
    assert found.rejected < 0.15


def test_planted_promotions_are_found_again(panel: Panel, model: LogLinearModel) -> None:
    found = planted_test(panel, model, seed=3, uplift=2.0, dip=1.0)
    assert found.found_uplift == pytest.approx(found.true_uplift, rel=0.15)


def test_nothing_of_a_hidden_window_is_in_its_prediction_not_even_the_smearing(make_panel: Callable[..., Panel]) -> None:
    plain, spoiled, beside = (make_panel(promoted_every=20) for _time in range(3))
    window = quiet_eights(plain)[0]
    [expected] = predict_windows(plain, [window])
    spoiled.units[:, window.week : window.week + WEEKS] *= 5
    assert np.array_equal(predict_windows(spoiled, [window])[0], expected)
    beside.units[:, window.week - 2 : window.week] *= 5
    assert not np.array_equal(predict_windows(beside, [window])[0], expected)  # so that the line above can fail


def test_planted_promotions_are_judged_by_what_was_learned_from_the_planted_sales(panel: Panel, model: LogLinearModel) -> None:
    """Smearing and bands of a model that saw the sales before planting change nothing."""
    ends = np.array([-9.0, -8.0, -7.0, 7.0, 8.0, 9.0])
    blocks = {key: replace(block, smearing=4.0) for key, block in model.blocks.items()}
    other = replace(model, blocks=blocks, calibration=Calibration(ends, ends, ends))
    assert planted_test(panel, other, seed=3, share=0.05) == planted_test(panel, model, seed=3, share=0.05)
