"""What a chart shows, decided on the server: series, bands, windows and its table; drawn by static/js/chart.js."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.core.i18n import _
from app.web import formatting


@dataclass(frozen=True)
class Window:
    """A shaded stretch of time, both ends included."""

    start: date | datetime | str
    end: date | datetime | str
    label: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart's whole content. `spec` goes to the browser; `headers` and `rows` are its table and its CSV."""

    id: str
    spec: Mapping[str, Any]
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing to draw."""
        return not self.rows


def baseline_chart(
    chart_id: str, weeks: Sequence[Mapping[str, Any]], windows: Sequence[Window] = (), unit: str = "", band: str = "80"
) -> Chart:
    """Actual units against the baseline and its band. `weeks` are dicts with week, actual, baseline, lo80, hi80 and so on."""
    keys = (f"lo{band}", f"hi{band}", "lo95", "hi95")
    spec = {
        "kind": "baseline",
        "unit": unit,
        "x": [formatting.iso_date(row["week"]) for row in weeks],
        "actual": [_plain(row.get("actual")) for row in weeks],
        "baseline": [_plain(row.get("baseline")) for row in weeks],
        "low": [_plain(row.get(keys[0], row.get(keys[2]))) for row in weeks],
        "high": [_plain(row.get(keys[1], row.get(keys[3]))) for row in weeks],
        "windows": [_window(window) for window in windows],
        "words": {
            "actual": _("Actual"),
            "baseline": _("Baseline"),
            "band": _("{band} % band", band=band),
            "uplift": _("Above baseline"),
            "below": _("Below baseline"),
        },
    }
    headers = (_("Week"), _("Actual"), _("Baseline"), _("Low {band} %", band=band), _("High {band} %", band=band))
    rows = list(zip(spec["x"], spec["actual"], spec["baseline"], spec["low"], spec["high"], strict=True))
    return Chart(chart_id, spec, headers, rows)


def forecast_chart(
    chart_id: str, weeks: Sequence[Mapping[str, Any]], windows: Sequence[Window] = (), unit: str = "", band: str = "80"
) -> Chart:
    """What was sold against what is, or would have been, forecast. `weeks` are dicts with week, actual, units, lo80, hi80."""
    drawn = baseline_chart(chart_id, [{**row, "baseline": row.get("units")} for row in weeks], windows, unit, band)
    words = {
        "actual": _("Sold"),
        "baseline": _("Forecast"),
        "band": _("{band} % band", band=band),
        "uplift": _("Above the forecast"),
        "below": _("Below the forecast"),
    }
    headers = (_("Week"), _("Sold"), _("Forecast"), *drawn.headers[3:])
    return Chart(chart_id, {**drawn.spec, "words": words}, headers, drawn.rows)


def lines_chart(
    chart_id: str,
    x: Sequence[Any],
    series: Sequence[Mapping[str, Any]],
    unit: str = "",
    windows: Sequence[Window] = (),
    from_zero: bool = True,
) -> Chart:
    """Lines over time. Each of `series` has name and values, and may have `unit`, `axis: "right"`, `step: True`, `bar: True`."""
    dates = [formatting.iso_date(value) for value in x]
    lines = [{**one, "values": [_plain(value) for value in one["values"]]} for one in series]
    spec = {
        "kind": "lines",
        "unit": unit,
        "x": dates,
        "series": lines,
        "windows": [_window(window) for window in windows],
        "fromZero": from_zero,
    }
    rows = [[day, *(line["values"][index] for line in lines)] for index, day in enumerate(dates)]
    return Chart(chart_id, spec, (_("Week"), *(str(line["name"]) for line in lines)), rows)


def bars_chart(chart_id: str, labels: Sequence[str], values: Sequence[Any], unit: str = "", name: str = "") -> Chart:
    """One bar a label, from zero, negative ones in the colour of loss."""
    plain = [_plain(value) for value in values]
    spec = {"kind": "bars", "unit": unit, "labels": list(labels), "values": plain, "name": name}
    return Chart(chart_id, spec, (_("Name"), name or unit or _("Value")), list(zip(labels, plain, strict=True)))


def _plain(value: Any) -> float | None:
    """Charts draw pixels: floats suffice here, exact values stay on the page and in the exports."""
    exact = formatting.decimal_of(value)
    return None if exact is None else float(exact)


def _window(window: Window) -> dict[str, str]:
    return {
        "start": formatting.iso_date(window.start),
        "end": formatting.iso_date(window.end),
        "label": window.label,
    }


@dataclass(frozen=True)
class Bar:
    """One horizontal bar from zero, in percent of the drawing's width; `good` when the value reaches the mark."""

    x: float
    width: float
    good: bool


@dataclass(frozen=True)
class Bars:
    """Bars of one scale with the places of zero and of the mark (break-even)."""

    bars: list[Bar]
    zero: float
    mark: float


def bars_with_mark(values: Sequence[Any], mark: float = 1.0) -> Bars:
    """Bars for a server-drawn chart that is 100 wide; a value that is unknown has no width."""
    known = [float(v) if (v := formatting.decimal_of(value)) is not None else 0.0 for value in values]
    low, high = min([0.0, *known]), max([mark * 1.05, *known])
    scale = 100 / (high - low)
    zero = -low * scale
    bars = [Bar(round(zero + min(0.0, v) * scale, 3), round(abs(v) * scale, 3), v >= mark) for v in known]
    return Bars(bars, round(zero, 3), round(zero + mark * scale, 3))
