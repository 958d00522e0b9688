"""Charts are drawn where the figures are: nothing outside the frame, no line across what was not seen."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.history.frames import Point
from app.supervisor.history.phases import Span
from app.supervisor.pages.charts import HEIGHT, WIDTH, ceiling, chart, strip

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)
FIRST = int(BEGIN.timestamp())


def _points(*values: float | None, step: int = 60) -> list[Point]:
    return [Point(FIRST + number * step, v, v, v) for number, v in enumerate(values) if v is not None]


def _numbers(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


@settings(max_examples=50)
@given(st.lists(st.none() | st.floats(0, 1e12), max_size=60), st.sampled_from(["share", "cores", "bytes", "ms", "count"]))
def test_nothing_is_drawn_outside_the_frame(values: list[float | None], unit: str) -> None:
    drawn = chart("Memory", unit, _points(*values), BEGIN, END, 60, "%H:%M")
    for x, y in _numbers(drawn.line) + _numbers(drawn.band):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_what_was_not_seen_breaks_the_line() -> None:
    drawn = chart("", "count", _points(1, 2, None, None, None, None, 3), BEGIN, END, 60, "%H:%M")
    assert drawn.line.count("M") == 2
    assert chart("", "count", _points(1, 2, None, 3), BEGIN, END, 60, "%H:%M").line.count("M") == 1


def test_a_range_is_drawn_as_a_band_behind_the_mean() -> None:
    points = [Point(FIRST + number * 300, 5.0, 1.0, 9.0) for number in range(12)]
    drawn = chart("", "count", points, BEGIN, END, 300, "%H:%M")
    heights = {y for _x, y in _numbers(drawn.band)}
    assert heights == {10.0, 90.0}
    assert chart("", "count", _points(1, 2), BEGIN, END, 60, "%H:%M").band == ""


def test_the_summary_says_what_the_picture_shows() -> None:
    drawn = chart("Processor", "share", _points(*[0.2] * 30, *[0.5] * 30), BEGIN, END, 60, "%H:%M")
    assert drawn.summary == "Processor: 50 % now, between 20 % and 50 %"
    assert drawn.columns == ("08:00", "08:15", "08:30", "08:45", "09:00")
    assert chart("Processor", "share", [], BEGIN, END, 60, "%H:%M").summary == "Processor: nothing was recorded"


def test_what_is_no_longer_measured_has_no_value_now() -> None:
    assert chart("", "count", _points(1, 2, 3), BEGIN, END, 60, "%H:%M").latest == "–"


@pytest.mark.parametrize(
    ("value", "unit", "top"), [(0.3, "share", 1.0), (0.3, "cores", 0.3), (7.6e8, "bytes", 1e9), (0, "ms", 1)]
)
def test_the_axis_ends_at_a_round_number(value: float, unit: str, top: float) -> None:
    assert ceiling(value, unit) == pytest.approx(top)


def test_a_second_of_failure_is_seen_in_a_month_of_health() -> None:
    month, moment = timedelta(days=30), BEGIN + timedelta(days=10)
    spans = [
        Span("ai", "healthy", BEGIN, moment),
        Span("ai", "failed", moment, moment + timedelta(seconds=1)),
        Span("ai", "healthy", moment + timedelta(seconds=1), BEGIN + month),
    ]
    tones = {"healthy": ("Healthy", "good"), "failed": ("Failed", "bad")}
    drawn = strip(spans, BEGIN, BEGIN + month, "%d %b", tones.__getitem__)
    x, width, tone, words = drawn.bars[-1]
    assert (x, tone, words) == (333.3, "bad", "Failed, 2026-03-12 08:00:00 UTC, 1 s")
    assert width >= 2
