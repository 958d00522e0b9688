import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.models.baseline import Baseline
from ai.models.loglinear import NORMAL_CALIBRATION
from ai.models.totals import NOTHING, Total, quantiles, total_of


def chain(stores: int, shared: float, own: float) -> Total:
    baseline = Baseline(np.full((stores, 1), 100.0), np.array([[shared]]), np.full((stores, 1, 1), own))
    return total_of(baseline, np.ones((stores, 1), bool))


def test_noise_of_single_stores_averages_out_over_a_chain() -> None:
    assert chain(100, 0.0, 0.09).log_sd == pytest.approx(chain(1, 0.0, 0.09).log_sd / 10, rel=0.05)


def test_the_shared_shock_does_not_average_out() -> None:
    assert chain(100, 0.09, 0.0).log_sd == pytest.approx(0.3, rel=1e-6)


def test_rows_not_counted_add_nothing() -> None:
    baseline = Baseline(np.full((2, 2), 50.0), np.eye(2), np.broadcast_to(np.eye(2), (2, 2, 2)))
    only = np.array([[True, False], [False, False]])
    assert total_of(baseline, only).expected == 50


positive = st.floats(0, 1e7, allow_nan=False)


@given(positive, st.floats(0, 1e14), st.floats(0, 1e14), st.integers(1, 20))
def test_quantiles_never_cross_and_are_never_negative(expected: float, shared: float, own: float, weeks: int) -> None:
    ends = quantiles(Total(expected, shared, own, weeks), NORMAL_CALIBRATION)
    assert (np.diff(ends) >= 0).all()
    assert (ends >= 0).all()


def test_nothing_added_changes_nothing() -> None:
    assert Total(5, 1, 1, 2) + NOTHING == Total(5, 1, 1, 2)


def test_weeks_of_which_nothing_is_known_have_wide_bands_and_still_numbers() -> None:
    total = chain(3, shared=2_000.0, own=2_000.0)
    assert np.isfinite(quantiles(total, NORMAL_CALIBRATION)).all()
    assert total.log_sd == pytest.approx(np.sqrt(np.log1p(1e4)))
