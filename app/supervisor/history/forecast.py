"""When the disk will be full, from how its free room went over the last hours and days. Pure.

The slope is Theil and Sen's: the median of the slopes between all pairs of moments (Sen, J. Am. Stat. Assoc. 63 (1968) 1379).
Alone it bears outliers, not steps: one restored file lies between half of all pairs. So steps that stand alone are cut out first.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

_HOUR = 3600.0
WINDOWS = (6 * _HOUR, 72 * _HOUR)
_BLOCKS = 12
_FEWEST_BLOCKS = 7
_MOST_STEPS = 3  # of eleven: what happens more often is how the disk fills
_STANDS_OUT = 5.0  # times the usual deviation
_AGREEING = 0.75  # of all pairs must point downwards
HORIZON = 365 * 24 * _HOUR


@dataclass(frozen=True)
class Forecast:
    """`left` seconds until nothing is free, at `slope` bytes a second (negative), seen over `window` seconds."""

    left: float
    slope: float
    window: float


def disk_full(points: Sequence[tuple[float, float]]) -> Forecast | None:
    """The soonest end that a trend of the last hours or days points to; None when there is none within a year.

    `points` are (moment in seconds, free bytes) in the order of time; the last is now.
    """
    if not points:
        return None
    at, free = points[-1]
    found = []
    for window in WINDOWS:
        slope = trend([(when, value) for when, value in points if when > at - window], window)
        if slope is not None and free < -slope * HORIZON:
            found.append(Forecast(max(free, 0.0) / -slope, slope, window))
    return min(found, key=lambda forecast: forecast.left, default=None)


def trend(points: Sequence[tuple[float, float]], window: float) -> float | None:
    """The steady decline in bytes a second (negative); None when there is none, or too little was seen to tell."""
    blocks = _blocks(points, window / _BLOCKS)
    if len(blocks) < _FEWEST_BLOCKS:
        return None
    rates = _without_lone_steps([(later - earlier) / (then - when) for (when, earlier), (then, later) in pairwise(blocks)])
    level, levels = 0.0, [0.0]
    for rate, ((when, _value), (then, _later)) in zip(rates, pairwise(blocks), strict=True):
        level += rate * (then - when)
        levels.append(level)
    moments = [when for when, _value in blocks]
    slope = _median_slope(moments, levels)
    third = -(-len(blocks) // 3) + 1
    lately = _median_slope(moments[-third:], levels[-third:])
    return slope if slope is not None and lately is not None and lately <= slope / 4 else None


def _blocks(points: Sequence[tuple[float, float]], length: float) -> list[tuple[float, float]]:
    """The median of each block of time: what came and went within it does not count."""
    groups: dict[int, list[tuple[float, float]]] = {}
    end = points[-1][0] if points else 0.0
    for when, value in points:
        groups.setdefault(int((end - when) // length), []).append((when, value))
    middle = [(statistics.fmean(w for w, _ in group), statistics.median(v for _, v in group)) for group in groups.values()]
    return sorted(middle)


def _without_lone_steps(rates: list[float]) -> list[float]:
    """Rates in which the few that stand out are replaced by the usual one; many are no exception and stay."""
    usual = statistics.median(rates)
    deviations = sorted(abs(rate - usual) for rate in rates)
    # The deviation of the quieter three quarters: with the median alone, eleven rates of which six agree have none at all.
    ordinary = deviations[len(deviations) * 3 // 4 - 1]
    limit = _STANDS_OUT * max(ordinary, abs(usual) * 0.1)
    out = [abs(rate - usual) > limit for rate in rates]
    return (
        [usual if stands_out else rate for rate, stands_out in zip(rates, out, strict=True)] if sum(out) <= _MOST_STEPS else rates
    )


def _median_slope(moments: Sequence[float], levels: Sequence[float]) -> float | None:
    """Theil and Sen's slope when nearly all pairs agree that it goes down, else None."""
    pairs = combinations(zip(moments, levels, strict=True), 2)
    slopes = [(later - earlier) / (then - when) for (when, earlier), (then, later) in pairs]
    falling = sum(slope < 0 for slope in slopes)
    return statistics.median(slopes) if falling >= _AGREEING * len(slopes) else None
