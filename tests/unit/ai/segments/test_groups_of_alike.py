"""Groups are those that were planted, the same each time, and none is made out of too little."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ai.segments.groups import FEWEST_MEMBERS, MEMBERS_A_GROUP, MOST_GROUPS, grouped, silhouettes, standardised
from ai.segments.words import named, structure_of

pytestmark = pytest.mark.slow  # whole markets are grouped here

values = arrays(float, st.tuples(st.integers(0, 30), st.integers(1, 4)), elements=st.floats(-1e6, 1e6) | st.just(float("nan")))


def planted(sizes: tuple[int, ...], seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Members far apart in two traits, beside a third that says nothing."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    corners = np.array([[0.0, 0.0], [10.0, 10.0], [0.0, 10.0], [10.0, 0.0]])[truth]
    return np.column_stack([corners + rng.normal(0, 0.3, corners.shape), np.full(len(truth), 4.0)]), truth


@pytest.mark.parametrize("sizes", [(12, 5), (9, 6, 5), (8, 7, 6, 5)])
def test_planted_groups_are_found_in_their_number_and_the_largest_comes_first(sizes: tuple[int, ...]) -> None:
    points, truth = planted(sizes)
    found = grouped(points)
    assert found is not None
    assert found.group.tolist() == truth.tolist()
    assert found.silhouette > 0.7
    assert found.used.tolist() == [True, True, False]


@settings(max_examples=40, deadline=None)
@given(values)
def test_every_member_is_in_one_group_and_the_same_question_has_the_same_answer(points: np.ndarray) -> None:
    found, again = grouped(points), grouped(points.copy())
    if found is None:
        assert again is None
        return
    assert again is not None
    assert (found.group == again.group).all()
    sizes = np.bincount(found.group)
    assert sizes.sum() == len(points) >= FEWEST_MEMBERS
    assert sizes.min() >= 1
    assert list(sizes) == sorted(sizes, reverse=True)
    assert 2 <= len(sizes) <= min(MOST_GROUPS, len(points) // MEMBERS_A_GROUP)
    assert np.abs(found.fits).max() <= 1
    assert found.silhouette == max(found.tried.values())
    assert np.isfinite(found.centres).all()


def test_the_scale_of_a_trait_does_not_count() -> None:
    points, _truth = planted((9, 6, 5))
    one, other = grouped(points), grouped(points * np.array([1e6, 1e-6, 1.0]))
    assert one is not None
    assert other is not None
    assert (one.group == other.group).all()


def test_too_few_members_and_members_that_are_all_alike_are_no_groups() -> None:
    assert grouped(planted((FEWEST_MEMBERS - 1,))[0]) is None
    assert grouped(np.ones((20, 3))) is None
    assert grouped(np.full((20, 3), np.nan)) is None


def test_a_trait_that_few_members_have_does_not_count() -> None:
    points, _truth = planted((9, 6, 5))
    points[::2, 1] = np.nan
    _scaled, used = standardised(points)
    assert used.tolist() == [True, False, False]


def test_a_trait_whose_differences_are_chance_does_not_count() -> None:
    points, _truth = planted((9, 6, 5))
    scale = points.std(axis=0) * np.array([1.0, 5.0, 1.0])
    _scaled, used = standardised(points, scale)
    assert used.tolist() == [True, False, False]


def test_silhouettes_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(5)
    points, group = rng.normal(size=(12, 2)), np.array([0] * 5 + [1] * 6 + [2])
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    for member, found in enumerate(silhouettes(distance, group)):
        own = [distance[member, n] for n in range(12) if group[n] == group[member] and n != member]
        nearest = min(distance[member, group == other].mean() for other in range(3) if other != group[member])
        expected = (nearest - np.mean(own)) / max(nearest, np.mean(own)) if own else 0.0
        assert found == pytest.approx(expected)


def test_names_say_what_sets_groups_apart_and_differ() -> None:
    used = np.ones(6, dtype=bool)
    centres = np.array([[1.5, -0.8, 0, 0, 0, 0], [-1.2, 0, 0, 0, 0, 0.9], [0.1, 0, 0, 0, 0, 0], [-0.2, 0, 0, 0, 0, 0.0]])
    shrinking = np.full((4, 6), -0.1)
    names = named(centres, shrinking, used, "customers")
    assert names[:2] == ["Large, rarely promoted", "Small, shrinking least"]
    assert len(set(names)) == 4
    assert named(centres, -shrinking, used, "products")[1] == "Slow selling, growing"
    used[0] = False
    assert named(centres, shrinking, used, "customers")[0] == "Rarely promoted"


def test_a_structure_is_called_what_it_is_worth() -> None:
    assert [structure_of(value) for value in (0.9, 0.6, 0.3, 0.1, -0.2)] == ["strong", "reasonable", "weak", "none", "none"]
