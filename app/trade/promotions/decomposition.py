"""A promotion taken apart, as pictures: what each week was made of, and how the parts come to the total."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import _
from app.trade.promotions.figures import window
from app.web.chart import Chart
from app.web.chart_kinds import Part, Step, stack_chart, steps_chart


def parts_chart(row: Mapping[str, Any]) -> Chart | None:
    """What each week was made of: baseline, what the promotion added, what it took from later weeks and other products.

    None for an analysis that is older than the parts of its weeks.
    """
    weeks = row["analysis"].get("weeks") or []
    if not any(week.get("expected_dip") is not None for week in weeks):
        return None
    during = [week.get("role") == "promotion" for week in weeks]
    added = [_difference(week) if now else None for week, now in zip(weeks, during, strict=True)]
    dip = [None if now else week.get("expected_dip") for week, now in zip(weeks, during, strict=True)]
    parts = [
        Part(_("Baseline"), [week.get("baseline") for week in weeks], "baseline"),
        Part(_("Incremental"), added, "gain"),
        Part(_("Post-promotion dip"), dip, "loss"),
        Part(_("Taken from other products"), [week.get("cannibalised") for week in weeks], "4"),
        Part(_("Drawn to other products"), [week.get("halo") for week in weeks], "2"),
    ]
    line = (_("Actual"), [week.get("actual") for week in weeks])
    return stack_chart("parts", [week["week"] for week in weeks], parts, _("units"), line, windows=[window(row)])


def _difference(week: Mapping[str, Any]) -> float | None:
    actual, baseline = week.get("actual"), week.get("baseline")
    return None if actual is None or baseline is None else round(float(actual) - float(baseline), 2)


def total_chart(row: Mapping[str, Any]) -> Chart | None:
    """How the promotion's units come to their total, each part with its band; None for an older analysis."""
    analysis = row["analysis"]
    if analysis.get("total_units") is None:
        return None
    named = (
        (_("Extra"), "incremental_units"),
        (_("Dip after"), "post_dip_units"),
        (_("Taken from others"), "cannibalised_units"),
        (_("Drawn to others"), "halo_units"),
    )
    bands = [(name, analysis.get(key) or {}) for name, key in named]
    steps = [Step(name, band.get("mean"), band.get("lo80"), band.get("hi80")) for name, band in bands if band]
    low, high = _total_band([band for _name, band in bands if band], analysis["total_units"])
    return steps_chart("total", [*steps, Step(_("Total"), analysis["total_units"], low, high, total=True)], _("units"))


def _total_band(bands: list[Mapping[str, Any]], total: float) -> tuple[float, float]:
    """80 % band of a sum of independent parts: half-widths in quadrature, each side for itself."""
    below = sum((band["mean"] - band["lo80"]) ** 2 for band in bands) ** 0.5
    above = sum((band["hi80"] - band["mean"]) ** 2 for band in bands) ** 0.5
    return round(total - below, 2), round(total + above, 2)
