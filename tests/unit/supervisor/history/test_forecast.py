"""The forecast follows a trend, and is moved by nothing else: steps, noise, files that come and go, growth of free room."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.history.forecast import disk_full

GB = 1e9
HOUR = 3600
HOURS = [float(minute * 300) for minute in range(6 * 12 + 1)]  # six hours, a point every five minutes
DAYS = [float(step * 3600) for step in range(73)]


def _falling(moments: list[float], rate: float, begin: float = 100 * GB) -> list[tuple[float, float]]:
    return [(at, begin - rate * at) for at in moments]


def _left(points: list[tuple[float, float]]) -> float | None:
    forecast = disk_full(points)
    return forecast.left / HOUR if forecast else None


@settings(max_examples=40)
@given(rate=st.floats(1e4, 4e6), moments=st.sampled_from([HOURS, DAYS]))
def test_a_steady_decline_ends_when_it_must(rate: float, moments: list[float]) -> None:
    points = [(at, 10 * GB + rate * (moments[-1] - at)) for at in moments]
    assert _left(points) == pytest.approx(10 * GB / rate / HOUR, rel=0.02)


@settings(max_examples=60)
@given(at=st.integers(1, 71), jump=st.floats(-60, 60), rate=st.sampled_from([0.0, 1e5, 1e6]))
def test_one_step_of_any_size_at_any_moment_is_no_trend(at: int, jump: float, rate: float) -> None:
    before = _falling(HOURS, rate)
    after = [(when, value + (jump * GB if when >= HOURS[at] else 0)) for when, value in before]
    left = _left(after)
    if rate == 0:
        assert left is None
    else:
        assert left == pytest.approx(after[-1][1] / rate / HOUR, rel=0.1)


def test_a_restored_file_of_five_gigabytes_is_no_trend() -> None:
    points = [(at, (50 if at < DAYS[40] else 45) * GB) for at in DAYS]
    assert _left(points) is None


def test_restored_and_copied_again_is_no_trend_either() -> None:
    points = [(at, (50 - 5 * (at > 20 * HOUR) - 5 * (at > 50 * HOUR)) * GB) for at in DAYS]
    assert _left(points) is None


def test_what_grows_by_the_hour_is_a_trend_although_it_comes_in_steps() -> None:
    points = [(at, 50 * GB - at // HOUR * 0.5 * GB) for at in HOURS]
    assert _left(points) == pytest.approx(94, rel=0.15)


def test_a_nightly_backup_that_is_never_thinned_out_is_a_trend_over_days() -> None:
    moments = [float(step * 1800) for step in range(145)]
    points = [(at, 40 * GB - 0.2 * GB * (at / 86400) - 0.1 * GB * (at // 21600)) for at in moments]
    assert _left(points) is not None


@given(seed=st.integers(0, 1000), moments=st.sampled_from([HOURS, DAYS]))
@settings(max_examples=40)
def test_noise_without_a_trend_warns_of_nothing_soon(seed: int, moments: list[float]) -> None:
    noise = random.Random(seed)
    left = _left([(at, 50 * GB + noise.gauss(0, 0.05 * GB)) for at in moments])
    assert left is None or left > 14 * 24


@given(rate=st.floats(0, 1e6))
def test_a_disk_that_empties_is_never_full(rate: float) -> None:
    assert disk_full([(at, 10 * GB + rate * at) for at in HOURS]) is None


def test_a_decline_that_has_stopped_is_over() -> None:
    points = [(at, 50 * GB - 3e5 * min(at, 3.5 * HOUR)) for at in HOURS]
    assert disk_full(points) is None


def test_a_file_that_came_and_went_counts_for_nothing() -> None:
    points = [(at, (50 - 20 * (HOURS[30] <= at <= HOURS[33])) * GB) for at in HOURS]
    assert disk_full(points) is None


@pytest.mark.parametrize("points", [[], [(0.0, 1.0)], [(float(second), 100.0 - second) for second in range(60)]])
def test_too_little_seen_tells_nothing(points: list[tuple[float, float]]) -> None:
    assert disk_full(points) is None


def test_the_faster_of_two_trends_counts() -> None:
    slow = [(at, 50 * GB - 1e4 * at) for at in DAYS[:-6]]
    begin = slow[-1]
    fast = [(begin[0] + at, begin[1] - 5e5 * at) for at in HOURS[1:]]
    assert _left([*slow, *fast]) == pytest.approx(fast[-1][1] / 5e5 / HOUR, rel=0.2)
