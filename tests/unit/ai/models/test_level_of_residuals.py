import numpy as np
import pytest

from ai.models.level import Variances, estimate_variances, level_at

CALM = Variances(level=0.05, quiet=0.01, promoted=0.1)
ALL = np.arange(4)


def at(residual: np.ndarray, targets: list[int]):
    promoted = np.zeros(residual.shape, bool)
    return level_at(residual, promoted, ALL, np.array(targets), CALM, CALM)


def test_a_hidden_week_lies_between_its_neighbours() -> None:
    residual = np.full((4, 30), 0.4)
    residual[:, 15] = np.nan
    assert at(residual, [15]).shared[0] == pytest.approx(0.4, abs=0.08)


def test_uncertainty_grows_with_the_distance_to_what_is_known() -> None:
    residual = np.full((4, 30), 0.0)
    residual[:, 12:18] = np.nan
    variance = np.diag(at(residual, [12, 13, 14, 15, 16, 17]).shared_cov)
    assert variance[2] > variance[0]
    assert variance[3] > variance[5]


def test_without_any_observation_the_level_is_zero_and_as_uncertain_as_it_can_be() -> None:
    found = at(np.full((4, 10), np.nan), [5])
    assert found.shared[0] == 0
    assert found.shared_cov[0, 0] == pytest.approx(CALM.level + CALM.quiet, rel=1e-3)


def test_a_store_that_differs_keeps_its_own_level() -> None:
    residual = np.zeros((4, 30))
    residual[0] = 0.6
    own = at(residual, [15]).own[:, 0]
    assert own[0] > 0.3
    assert abs(own[1]) < 0.2


def test_what_persists_is_level_and_what_does_not_is_shock() -> None:
    rng = np.random.default_rng(4)
    level = np.zeros((200, 100))
    for week in range(1, 100):
        level[:, week] = 0.95 * level[:, week - 1] + rng.normal(0, np.sqrt(0.04 * (1 - 0.95**2)), 200)
    residual = level + rng.normal(0, 0.3, level.shape)
    found = estimate_variances(residual[:, 40:], np.zeros((200, 60), bool), np.zeros((200, 60)), 0.95)
    assert found.level == pytest.approx(0.04, rel=0.3)
    assert found.quiet == pytest.approx(0.09, rel=0.15)
