"""A p-value is a rank among windows in which nothing happened."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.data.panel import Panel
from ai.evaluation.placebo import measure_placebos, quiet_windows, window_promotion
from ai.models.loglinear import LogLinearModel
from ai.models.placebos import FEWEST, LENGTHS, NO_PLACEBOS, Placebos
from ai.models.totals import NOTHING, Total, strayed
from ai.models.uplift import UpliftModel

pytestmark = pytest.mark.slow  # models are trained here


def placebos(count: int, weeks: int = 2, seed: int = 1) -> Placebos:
    return Placebos(np.full(count, weeks), np.arange(count) * weeks, np.random.default_rng(seed).normal(size=count))


def test_among_placebos_a_rank_is_as_often_under_five_percent_as_it_says() -> None:
    known, fresh = placebos(400), placebos(400, seed=2).strayed
    rejected = np.mean([known.p_value(value, 2) <= 0.05 for value in fresh])
    assert 0.02 < rejected < 0.09


def test_what_strays_further_than_all_has_the_smallest_p_value() -> None:
    assert placebos(99).p_value(-50.0, 2) == pytest.approx(0.01)
    assert placebos(99).p_value(0.0, 2) == 1.0


def test_too_few_placebos_give_no_p_value() -> None:
    assert placebos(FEWEST - 1).p_value(3.0, 2) is None
    assert NO_PLACEBOS.p_value(3.0, 2) is None
    assert placebos(FEWEST).p_value(float("nan"), 2) is None


def test_the_length_next_to_the_promotions_is_compared() -> None:
    long, short = placebos(50, weeks=4), placebos(50, weeks=1)
    wide = replace(long, strayed=long.strayed + 100)
    both = Placebos(*(np.concatenate([getattr(wide, name), getattr(short, name)]) for name in Placebos.__dataclass_fields__))
    assert both.p_value(50.0, 6) == 1.0
    assert both.p_value(50.0, 1) == pytest.approx(1 / 51)


@given(st.integers(0, 60), st.integers(1, 5))
def test_a_placebo_is_judged_by_those_that_share_no_week_with_it(first: int, weeks: int) -> None:
    apart = placebos(30).apart_from(first, weeks)
    shared = {week for start in apart.first_week for week in (start, start + 1)} & set(range(first, first + weeks))
    assert not shared


def test_nothing_expected_has_no_distance() -> None:
    assert np.isnan(strayed(3.0, NOTHING))
    assert strayed(200.0, Total(100.0, 100.0, 0.0)) > strayed(150.0, Total(100.0, 100.0, 0.0)) > 0


def test_training_measures_windows_of_every_length(panel: Panel, model: LogLinearModel) -> None:
    assert set(LENGTHS) == set(model.placebos.weeks)
    again = measure_placebos(panel, model)
    assert np.array_equal(again.strayed, model.placebos.strayed)


def test_a_quiet_window_is_no_surprise_and_a_promotion_is(panel: Panel, model: LogLinearModel) -> None:
    answers = UpliftModel(panel, model)
    windows = quiet_windows(panel, model, 2)
    values = [
        answers.uplift(window_promotion(panel, "quiet", product, week, 2, stores)).p_value for product, week, stores in windows
    ]
    assert np.mean([value < 0.05 for value in values if value is not None]) < 0.15
    weeks = np.flatnonzero(panel.promoted[panel.index[("cus_0", "prd_a")]])
    found = answers.uplift(window_promotion(panel, "deal", "prd_a", int(weeks[weeks > 20][0]), 2, ("cus_chain",)))
    assert found.p_value is not None
    assert found.p_value < 0.05
