import numpy as np
import pytest

from ai.models.regression import fit


def shared_shock_world(seed: int, stores: int = 30, weeks: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Units with a chain-wide promotion of effect 0.5 and a shared weekly shock; (y, x)."""
    rng = np.random.default_rng(seed)
    chainwide = np.broadcast_to(rng.random(weeks) < 0.3, (stores, weeks)).astype(float)
    local = (rng.random((stores, weeks)) < 0.3).astype(float)
    y = rng.normal(0, 1, (stores, 1)) + 0.5 * chainwide + 0.2 * local
    y = y + rng.normal(0, 0.3, weeks) + rng.normal(0, 0.2, (stores, weeks))
    return y, np.stack([chainwide, local], axis=-1)


def wide_fit(seed: int):
    y, x = shared_shock_world(seed)
    return fit(y, x, np.ones(y.shape, bool), np.zeros(2), np.full(2, 10.0))


def test_effects_and_variances_are_found_again() -> None:
    found = wide_fit(1)
    assert found.coefficients == pytest.approx([0.5, 0.2], abs=0.15)
    assert found.shared_variance == pytest.approx(0.09, rel=0.4)
    assert found.single_variance == pytest.approx(0.04, rel=0.1)


def test_a_chainwide_promotion_is_one_observation_a_week_not_one_per_store() -> None:
    spread = np.std([wide_fit(seed).coefficients for seed in range(60)], axis=0)
    claimed = np.sqrt(np.diag(wide_fit(0).covariance))
    assert claimed == pytest.approx(spread, rel=0.35)
    assert claimed[0] > 4 * claimed[1]


def test_without_information_the_prior_stays() -> None:
    y, x = shared_shock_world(2)
    x = np.concatenate([x, np.zeros((*y.shape, 1))], axis=-1)
    found = fit(y, x, np.ones(y.shape, bool), np.array([0, 0, 0.7]), np.array([10, 10, 0.3]))
    assert found.coefficients[2] == pytest.approx(0.7)
    assert found.covariance[2, 2] == pytest.approx(0.09)


def test_unused_rows_do_not_matter() -> None:
    y, x = shared_shock_world(3)
    used = np.ones(y.shape, bool)
    used[:, 10:20] = False
    spoiled = y.copy()
    spoiled[:, 10:20] = 1e9
    one, other = (fit(values, x, used, np.zeros(2), np.ones(2)) for values in (y, spoiled))
    assert np.array_equal(one.coefficients, other.coefficients)
