"""Plan against actual: what a promotion was expected to do when it was planned, beside what it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.i18n import _
from app.trade.promotions.figures import band_of, money_of
from app.trade.promotions.listing import exact
from app.web import formatting


@dataclass(frozen=True)
class PlannedLine:
    """One figure as planned (with its band) and as it came; `actual` is empty until it is known."""

    label: str
    planned: str
    band: str
    actual: str
    outside: bool


def planned_lines(row: Mapping[str, Any]) -> list[PlannedLine]:
    """Plan against actual; empty for a promotion that was not planned here."""
    planned = row.get("planned")
    if not planned:
        return []
    analysis = row["analysis"]
    incremental, net = analysis.get("incremental_units") or {}, analysis.get("net_incremental_units") or {}
    lines = [
        PlannedLine(_("Units without it"), formatting.number(planned["baseline_units"]), "",
                    formatting.number(analysis["baseline_units"]) if analysis.get("baseline_units") is not None else "", False),
        _planned_units(_("Extra units"), planned["incremental_units"], incremental.get("mean")),
        _planned_units(_("After the dip"), _without_others(planned), net.get("mean")),
    ]  # fmt: skip
    for name, label in (("manufacturer", _("Manufacturer, net")), ("retailer", _("Retailer, net"))):
        expected, came = planned.get(name) or {}, (analysis.get(name) or {}).get("net")
        if expected.get("net") is None:
            continue
        low, high, actual = exact(expected.get("net_lo80")), exact(expected.get("net_hi80")), exact(came)
        outside = actual is not None and low is not None and high is not None and not low <= actual <= high
        told = money_of(row, came) if came is not None else ""
        lines.append(PlannedLine(label, money_of(row, expected["net"]), band_of(row, expected), told, outside))
    return lines


def _planned_units(label: str, band: Mapping[str, Any], came: float | None) -> PlannedLine:
    text = _("{low} to {high}, 80 %", low=formatting.number(band["lo80"]), high=formatting.number(band["hi80"]))
    outside = came is not None and not band["lo80"] <= came <= band["hi80"]
    return PlannedLine(label, formatting.signed(band["mean"]), text, formatting.signed(came) if came is not None else "", outside)


def _without_others(planned: Mapping[str, Any]) -> dict[str, float]:
    one, other = planned["incremental_units"], planned["post_dip_units"]
    mean = one["mean"] + other["mean"]
    below = ((one["mean"] - one["lo80"]) ** 2 + (other["mean"] - other["lo80"]) ** 2) ** 0.5
    above = ((one["hi80"] - one["mean"]) ** 2 + (other["hi80"] - other["mean"]) ** 2) ** 0.5
    return {"mean": mean, "lo80": mean - below, "hi80": mean + above}
