"""Frames: all figures of one moment packed into one row, rolled up the older they get. Pure; says how much room they take.

A row a figure would cost twenty times the room and touch a page a figure at every sample (docs/decisions/0090).
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SERIES = 160
_PAGE, _ROW_OVERHEAD, _ABSENT = 4096, 24, math.nan


@dataclass(frozen=True)
class Resolution:
    """A frame every `step` seconds, kept for `keep` seconds. Rolled-up frames hold mean, least and greatest."""

    step: int
    keep: int
    rolled_up: bool = True

    @property
    def rows(self) -> int:
        """How many frames there are at most: pruning comes once an hour."""
        return (self.keep + 3600) // self.step + 1


_DAY = 86400
SAMPLES = Resolution(15, 7 * _DAY, rolled_up=False)
FIVE_MINUTES = Resolution(300, 90 * _DAY)
HOURS = Resolution(3600, 2 * 365 * _DAY)
RESOLUTIONS = (SAMPLES, FIVE_MINUTES, HOURS)


@dataclass(frozen=True)
class Point:
    """A figure over one step that begins at `at` (epoch seconds)."""

    at: int
    mean: float
    low: float
    high: float


def pack(figures: dict[int, float]) -> bytes:
    """The frame of one sample: a figure a series id, as four bytes each; those not given are absent."""
    frame = array("f", [_ABSENT]) * (max(figures, default=-1) + 1)
    for number, value in figures.items():
        frame[number] = value
    return frame.tobytes()


def roll_up(frames: Iterable[bytes], rolled_up: bool) -> bytes:
    """One frame of mean, least and greatest from many; `rolled_up` says whether these are already such frames."""
    means: dict[int, list[float]] = {}
    lows: dict[int, float] = {}
    highs: dict[int, float] = {}
    for frame in frames:
        for number, (mean, low, high) in enumerate(_triples(frame, rolled_up)):
            if not math.isnan(mean):
                means.setdefault(number, []).append(mean)
                lows[number] = min(low, lows.get(number, low))
                highs[number] = max(high, highs.get(number, high))
    means_of = {number: math.fsum(values) / len(values) for number, values in means.items()}
    return pack(means_of) + pack(lows) + pack(highs)


def points(rows: Iterable[tuple[int, bytes]], numbers: Iterable[int], rolled_up: bool) -> dict[int, list[Point]]:
    """Some series out of frames; moments at which one was absent are left out of it."""
    found: dict[int, list[Point]] = {number: [] for number in numbers}
    for at, frame in rows:
        values = memoryview(frame).cast("f")
        width = len(values) // 3 if rolled_up else len(values)
        for number, series in found.items():
            if number < width and not math.isnan(mean := values[number]):
                low, high = (values[width + number], values[2 * width + number]) if rolled_up else (mean, mean)
                series.append(Point(at, mean, low, high))
    return found


def thin(series: Sequence[Point], step: int) -> list[Point]:
    """The same series with at most one point every `step` seconds."""
    groups: dict[int, list[Point]] = {}
    for point in series:
        groups.setdefault(point.at // step * step, []).append(point)
    return [
        Point(at, math.fsum(p.mean for p in group) / len(group), min(p.low for p in group), max(p.high for p in group))
        for at, group in groups.items()
    ]


def most_bytes(resolutions: Sequence[Resolution] = RESOLUTIONS, series: int = MOST_SERIES) -> int:
    """What the frames take on disk at most: full frames, whole pages, every row there may be, and a tenth for the tree above."""
    total = 0
    for resolution in resolutions:
        row = 4 * series * (3 if resolution.rolled_up else 1) + _ROW_OVERHEAD
        on_a_page = max((_PAGE - 64) // row, 1)
        total += math.ceil(resolution.rows / on_a_page) * _PAGE * math.ceil(row / (_PAGE - 64))
    return total + total // 10


def _triples(frame: bytes, rolled_up: bool) -> Iterable[tuple[float, float, float]]:
    values = array("f", frame)
    width = len(values) // 3 if rolled_up else len(values)
    if not rolled_up:
        return zip(values, values, values, strict=True)
    return zip(values[:width], values[width : 2 * width], values[2 * width :], strict=True)
