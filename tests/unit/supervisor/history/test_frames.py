"""Frames lose nothing but precision, and what they take on disk is known beforehand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.history.frames import MOST_SERIES, RESOLUTIONS, Point, most_bytes, pack, points, roll_up, thin

figures = st.dictionaries(st.integers(0, 40), st.floats(-1e9, 1e9, width=32), max_size=20)


def _read(frame: bytes, number: int, rolled_up: bool = False) -> Point | None:
    return next(iter(points([(0, frame)], [number], rolled_up)[number]), None)


@settings(max_examples=25)
@given(figures)
def test_what_is_packed_is_read_again_and_the_rest_is_absent(given_figures: dict[int, float]) -> None:
    frame = pack(given_figures)
    for number in range(45):
        point = _read(frame, number)
        assert (point.mean if point else None) == given_figures.get(number)


@settings(max_examples=25)
@given(st.lists(figures, max_size=6))
def test_a_roll_up_holds_mean_least_and_greatest_of_each_series(samples: list[dict[int, float]]) -> None:
    rolled = roll_up([pack(sample) for sample in samples], rolled_up=False)
    for number in range(41):
        values = [sample[number] for sample in samples if number in sample]
        point = _read(rolled, number, rolled_up=True)
        if not values:
            assert point is None
            continue
        assert point is not None
        assert (point.low, point.high) == (min(values), max(values))
        assert point.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-6, abs=1e-3)


@settings(max_examples=25)
@given(st.lists(figures, min_size=2, max_size=6))
def test_rolling_up_twice_keeps_the_extremes(samples: list[dict[int, float]]) -> None:
    halves = [roll_up([pack(sample) for sample in half], False) for half in (samples[:1], samples[1:])]
    once, twice = roll_up([pack(sample) for sample in samples], False), roll_up(halves, rolled_up=True)
    for number in range(41):
        first, second = _read(once, number, True), _read(twice, number, True)
        assert (first and (first.low, first.high)) == (second and (second.low, second.high))


def test_thinning_keeps_peaks() -> None:
    series = [Point(at, 1.0, 1.0, 9.0 if at == 130 else 1.0) for at in range(0, 240, 10)]
    assert [(point.at, point.high) for point in thin(series, 60)] == [(0, 1.0), (60, 1.0), (120, 9.0), (180, 1.0)]


def test_figures_are_kept_for_a_week_a_quarter_and_two_years() -> None:
    day = 86_400
    kept = [(resolution.step, resolution.keep / day) for resolution in RESOLUTIONS]
    assert kept == [(15, 7), (5 * 60, 90), (60 * 60, 2 * 365)]


def test_two_years_of_everything_fit_in_130_megabytes() -> None:
    assert most_bytes() < 130e6
    assert MOST_SERIES >= 100
