"""The published protocol; on the real data in tests/integration/ai."""

from collections.abc import Callable

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.evaluation.orange_juice import FINAL_ORIGINS, ORIGINS, TUNING_ORIGINS, known_at
from ai.evaluation.scores import coverage, pinball, score


def test_the_weeks_of_the_rounds_are_kept_apart() -> None:
    assert len(ORIGINS) == 10
    assert max(TUNING_ORIGINS) + 3 < 135 <= min(ORIGINS)
    assert min(FINAL_ORIGINS) + 2 > max(ORIGINS) + 3


def test_a_round_knows_the_plan_and_nothing_sold_after_its_origin(panel: Panel) -> None:
    known = known_at(panel, 50, 53)
    assert known.weeks == 54
    assert np.isfinite(known.units[:, :51]).any()
    assert not np.isfinite(known.units[:, 51:]).any()
    assert not np.isfinite(known.cost[:, 51:]).any()
    assert (known.price[:, 53] == panel.price[:, 53]).all()


def test_a_round_is_the_same_whatever_is_sold_later(make_panel: Callable[..., Panel]) -> None:
    before, after = make_panel(), make_panel()
    after.units[:, 51:] *= 7
    one, other = known_at(before, 50, 53), known_at(after, 50, 53)
    for name in ("units", "price", "cost", "deal", "feature", "display", "promoted"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name


def test_errors_are_those_of_the_textbook() -> None:
    found = score(np.array([100.0, 50.0, np.nan]), np.array([110.0, 25.0, 3.0]))
    assert (found.cells, round(found.mape, 4), round(found.wmape, 4), round(found.bias, 4)) == (2, 0.3, 0.2333, -0.1)


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cell"):
        score(np.array([np.nan]), np.array([1.0]))


def test_coverage_counts_the_ends_of_the_band() -> None:
    actual, low, high = np.array([1.0, 2.0, 3.0, np.nan]), np.full(4, 2.0), np.full(4, 3.0)
    assert coverage(actual, low, high) == pytest.approx(2 / 3)


def test_pinball_loss_charges_the_side_that_is_less_likely_more() -> None:
    actual, probabilities = np.array([10.0]), np.array([0.9])
    assert pinball(actual, np.array([[5.0]]), probabilities) == pytest.approx(0.45)
    assert pinball(actual, np.array([[15.0]]), probabilities) == pytest.approx(0.05)
