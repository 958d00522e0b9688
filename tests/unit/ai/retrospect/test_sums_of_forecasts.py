"""Bands of sums: between those of one shock shared by all and those of shocks that nobody shares."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ai.retrospect.sums import summed

Z = np.array([-1.96, -1.28, -0.67, 0.0, 0.67, 1.28, 1.96])


def bands(medians: np.ndarray, sd: float = 0.3) -> np.ndarray:
    return medians[..., None] * np.exp(sd * Z)


def width(found: np.ndarray) -> float:
    return float(found[0, 5] - found[0, 1])


def test_one_series_keeps_its_band() -> None:
    medians = np.array([[100.0, 50.0]])
    found = summed(medians, medians * 1.05, bands(medians), np.array([0]), 0.4)
    assert np.allclose(found.quantiles, bands(medians)[0])


def test_a_shared_shock_adds_up_and_an_own_one_evens_out() -> None:
    medians = np.full((25, 1), 100.0)
    same, quantiles = np.zeros(25, dtype=int), bands(medians)
    shared, half, own = (width(summed(medians, medians, quantiles, same, share).quantiles) for share in (1.0, 0.5, 0.0))
    assert np.isclose(shared, 25 * (quantiles[0, 0, 5] - quantiles[0, 0, 1]))
    assert np.isclose(own, shared / 5)
    assert own < half < shared


def test_products_are_independent_of_each_other() -> None:
    medians = np.full((2, 1), 100.0)
    together = width(summed(medians, medians, bands(medians), np.array([0, 0]), 1.0).quantiles)
    apart = width(summed(medians, medians, bands(medians), np.array([0, 1]), 1.0).quantiles)
    assert np.isclose(apart, together / np.sqrt(2))


@given(st.integers(0, 2**32 - 1), st.floats(0, 2), st.floats(0, 1))
def test_quantiles_never_cross_nor_fall_below_zero(seed: int, sd: float, shared: float) -> None:
    rng = np.random.default_rng(seed)
    medians, product = rng.lognormal(3, 2, (6, 3)) * rng.integers(0, 2, (6, 3)), rng.integers(0, 4, 6)
    found = summed(medians, medians * 1.1, bands(medians, sd), product, shared)
    assert (np.diff(found.quantiles, axis=1) >= 0).all()
    assert (found.quantiles >= 0).all()
    assert np.allclose(found.units, medians.sum(axis=0))
