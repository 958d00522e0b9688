"""Charts of planning: what a week is made of, how parts add up, and curves over a price; drawn by static/js/chart-kinds.js."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.i18n import _
from app.web import formatting
from app.web.chart import Chart, Window


@dataclass(frozen=True)
class Part:
    """One layer of stacked bars: a value a week (None: unknown), above zero or below. `tone` is one of the chart colours."""

    name: str
    values: Sequence[Any]
    tone: str


@dataclass(frozen=True)
class Step:
    """One step of a sum; with `total` it stands on zero. low and high are its 80 % band."""

    name: str
    value: Any
    low: Any = None
    high: Any = None
    total: bool = False


def stack_chart(
    chart_id: str,
    x: Sequence[Any],
    parts: Sequence[Part],
    unit: str = "",
    line: tuple[str, Sequence[Any]] | None = None,
    band: tuple[Sequence[Any], Sequence[Any]] | None = None,
    windows: Sequence[Window] = (),
) -> Chart:
    """Bars a week out of `parts`, with the line they come to and its band."""
    dates = [formatting.iso_date(day) for day in x]
    layers = [{"name": part.name, "tone": part.tone, "values": [_plain(value) for value in part.values]} for part in parts]
    shown_line = {"name": line[0], "values": [_plain(value) for value in line[1]]} if line else None
    ends = {"low": [_plain(value) for value in band[0]], "high": [_plain(value) for value in band[1]]} if band else None
    spec = {
        "kind": "stack",
        "unit": unit,
        "x": dates,
        "parts": layers,
        "line": shown_line,
        "band": ends,
        "bandName": _("80 % band"),
        "windows": [
            {"start": formatting.iso_date(one.start), "end": formatting.iso_date(one.end), "label": one.label} for one in windows
        ],
    }
    columns = [layer["values"] for layer in layers] + ([shown_line["values"]] if shown_line else [])
    columns += [ends["low"], ends["high"]] if ends else []
    headers = [_("Week"), *(part.name for part in parts), *([line[0]] if line else [])]
    headers += [_("Low {band} %", band=80), _("High {band} %", band=80)] if ends else []
    return Chart(chart_id, spec, headers, [[day, *(column[index] for column in columns)] for index, day in enumerate(dates)])


def steps_chart(chart_id: str, steps: Sequence[Step], unit: str = "") -> Chart:
    """A sum, step by step, each with its band."""
    shown = [
        {"name": one.name, "value": _plain(one.value), "low": _plain(one.low), "high": _plain(one.high), "total": one.total}
        for one in steps
    ]
    headers = (_("Part"), unit or _("Value"), _("Low {band} %", band=80), _("High {band} %", band=80))
    rows = [[one["name"], one["value"], one["low"], one["high"]] for one in shown]
    return Chart(chart_id, {"kind": "steps", "unit": unit, "steps": shown}, headers, rows)


@dataclass(frozen=True)
class Curve:
    """A fitted curve with its band; all of the same length."""

    name: str
    tone: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Points:
    """What was seen: (x, y, label) each."""

    name: str
    tone: str
    points: Sequence[tuple[float, float, str]]


def response_chart(
    chart_id: str, curves: Sequence[Curve], groups: Sequence[Points], unit_x: str, unit_y: str, seen_to: float | None = None
) -> Chart:
    """Curves over a price with what was seen behind them; below `seen_to` they are drawn dashed, because nothing was seen."""
    spec: Mapping[str, Any] = {
        "kind": "response",
        "unitX": unit_x,
        "unitY": unit_y,
        "seenTo": seen_to,
        "bandName": _("80 % band of the curve"),
        "curves": [
            {name: list(getattr(one, name)) if name in {"x", "y", "low", "high"} else getattr(one, name) for name in _CURVE}
            for one in curves
        ],
        "groups": [{"name": one.name, "tone": one.tone, "points": [list(point) for point in one.points]} for one in groups],
    }
    headers = [unit_x]
    for curve in curves:
        headers += [curve.name, _("Low {band} %", band=80), _("High {band} %", band=80)]
    rows = [
        [
            formatting.number(x, 2),
            *(value for curve in curves for value in (curve.y[index], curve.low[index], curve.high[index])),
        ]
        for index, x in enumerate(curves[0].x if curves else ())
    ]
    return Chart(chart_id, spec, headers, rows)


_CURVE = ("name", "tone", "x", "y", "low", "high")


def _plain(value: Any) -> float | None:
    exact = formatting.decimal_of(value)
    return None if exact is None else float(exact)
