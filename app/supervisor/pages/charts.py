"""Charts as geometry: paths and labels for the templates to draw as SVG, without any style of their own. Pure.

The drawing is stretched to the width there is; what is written stands beside it in HTML, so that it stays readable on a phone.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.i18n import N_, _
from app.supervisor.history.frames import Point
from app.supervisor.history.phases import Span
from app.supervisor.pages import formatting

WIDTH, HEIGHT = 1000, 100
_GAP = 3  # missing steps from which a line is broken
_TICKS = 5

# What can be looked at: address, label, length, how moments are written below it.
SPANS: tuple[tuple[str, str, timedelta, str], ...] = (
    ("hour", N_("Hour"), timedelta(hours=1), "%H:%M"),
    ("day", N_("Day"), timedelta(days=1), "%H:%M"),
    ("week", N_("Week"), timedelta(days=7), "%a %d"),
    ("month", N_("Month"), timedelta(days=30), "%d %b"),
)


@dataclass(frozen=True)
class Chart:
    """`line` and `band` are SVG paths on WIDTH x HEIGHT; `rows` the labels of the value axis from the top, `columns` of time."""

    label: str
    line: str
    band: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    latest: str
    least: str
    most: str

    @property
    def summary(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        if not self.line:
            return _("{label}: nothing was recorded", label=self.label)
        return _(
            "{label}: {latest} now, between {least} and {most}",
            label=self.label,
            latest=self.latest,
            least=self.least,
            most=self.most,
        )


@dataclass(frozen=True)
class Strip:
    """States over time: (x, width, tone, words) on WIDTH; what was not seen is left blank."""

    bars: tuple[tuple[float, float, str, str], ...]
    columns: tuple[str, ...]


def chart(label: str, unit: str, points: Sequence[Point], begin: datetime, end: datetime, step: int, moments: str) -> Chart:
    """The chart of one figure; `step` seconds lie between two points where none is missing."""
    write = writer(unit)
    top = ceiling(max((point.high for point in points), default=1.0), unit)
    first, length = begin.timestamp(), (end - begin).total_seconds()

    def place(at: float, value: float) -> str:
        x = min(max((at + step / 2 - first) / length, 0.0), 1.0) * WIDTH
        return f"{x:.1f} {HEIGHT - min(max(value / top, 0.0), 1.0) * HEIGHT:.1f}"

    runs = _runs(points, step)
    ranges = [run for run in runs if any(point.high > point.low for point in run)]
    return Chart(
        label=label,
        line=" ".join(_line([place(point.at, point.mean) for point in run]) for run in runs),
        band=" ".join(_area([(place(p.at, p.high), place(p.at, p.low)) for p in run]) for run in ranges),
        rows=tuple(write(top * share) for share in (1.0, 0.5, 0.0)),
        columns=columns(begin, end, moments),
        latest=write(points[-1].mean) if points and end.timestamp() - points[-1].at <= (_GAP + 1) * step else "–",
        least=write(min((point.low for point in points), default=0.0)),
        most=write(max((point.high for point in points), default=0.0)),
    )


def spark(points: Sequence[Point], begin: datetime, end: datetime, step: int) -> str:
    """A line without scale: its own highest point is the top, but a tenth of a core always looks small."""
    return chart("", "cores", points, begin, end, step, "").line


def strip(spans: Sequence[Span], begin: datetime, end: datetime, moments: str, tones: Callable[[str], tuple[str, str]]) -> Strip:
    """The states of one service; `tones` gives the word and the tone of a phase."""
    length = (end - begin).total_seconds()
    bars = []
    for span in spans:
        x = (span.began - begin).total_seconds() / length * WIDTH
        width = max((span.ended - span.began).total_seconds() / length * WIDTH, 2.0)
        word, tone = tones(span.phase)
        lasted = formatting.span(span.ended - span.began)
        bars.append((round(x, 1), round(width, 1), tone, f"{word}, {span.began:%Y-%m-%d %H:%M:%S} UTC, {lasted}"))
    # What is well is drawn first: a second of failure must not vanish below a day of health.
    return Strip(tuple(sorted(bars, key=lambda bar: bar[2] != "good")), columns(begin, end, moments))


def columns(begin: datetime, end: datetime, moments: str) -> tuple[str, ...]:
    """The moments below a chart, from its left edge to its right."""
    pace = (end - begin) / (_TICKS - 1)
    return tuple((begin + pace * number).astimezone(UTC).strftime(moments) for number in range(_TICKS))


def ceiling(value: float, unit: str) -> float:
    """The top of the value axis: the next of 1, 2, 5, 10 ...; a share of the whole machine is always drawn up to all of it."""
    if unit == "share":
        return 1.0
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((factor * power for factor in (1, 1.5, 2, 3, 5, 7.5) if value <= factor * power), 10 * power)


def writer(unit: str) -> Callable[[float], str]:
    """How a figure of `unit` is written."""
    return {
        "share": formatting.percent,
        "cores": formatting.percent,
        "bytes": formatting.size,
        "ms": formatting.milliseconds,
    }.get(unit, _count)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _runs(points: Sequence[Point], step: int) -> list[list[Point]]:
    """Points in a row without a gap."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point.at - runs[-1][-1].at <= _GAP * step:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _line(places: Sequence[str]) -> str:
    """A path; a single point is drawn as a dot (a line of no length with round ends)."""
    return f"M{places[0]}" + "".join(f"L{place}" for place in places[1:] or places)


def _area(places: Sequence[tuple[str, str]]) -> str:
    upper, lower = zip(*places, strict=True)
    return _line(upper) + "".join(f"L{place}" for place in reversed(lower)) + "Z"
