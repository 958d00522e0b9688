"""What the page shows of groups: their traits beside each other, a picture, and what the grouping is worth in words."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import N_, _
from app.web import formatting
from app.web.chart import Chart, bars_chart

LABELS = {
    "level": N_("Units a week"),
    "promoted": N_("Promoted"),
    "depth": N_("Depth"),
    "response": N_("Uplift of 20 % off"),
    "season": N_("Season"),
    "trend": N_("Trend a year"),
}
_STRUCTURES = {
    "strong": N_("The groups are clearly apart."),
    "reasonable": N_("The groups are reasonably apart."),
    "weak": N_("The groups are weakly apart: expect some members between two of them."),
    "none": N_("The groups run into each other: read them as places on a scale, not as kinds."),
}
_APART = 0.5  # standard deviations, from which a group's trait is marked
_SIGNED = frozenset({"response", "trend"})


def groups(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each group with its traits as people read them."""
    return [{**group, "shown": [_trait(one) for one in group["traits"]]} for group in found["groups"]]


def _trait(one: Mapping[str, Any]) -> dict[str, Any]:
    away = one["deviations"]
    tone = "" if abs(away) < _APART else "high" if away > 0 else "low"
    return {"label": _(LABELS[one["trait"]]), "value": value(one["trait"], one["mean"]), "apart": tone}


def value(trait: str, mean: float | None) -> str:
    """A trait's mean: units, or a share."""
    if mean is None:
        return formatting.NOTHING
    if trait == "level":
        return formatting.number(mean, 1)
    return f"{formatting.signed(100 * mean)} %" if trait in _SIGNED else formatting.percent(mean)


def chart(found: Mapping[str, Any]) -> Chart:
    """The trait that sets the groups apart most, a bar a group."""
    spread: dict[str, list[float]] = {}
    for group in found["groups"]:
        for one in group["traits"]:
            spread.setdefault(one["trait"], []).append(one["deviations"])
    trait = max(spread, key=lambda name: max(spread[name]) - min(spread[name]))
    means = [next(one["mean"] for one in group["traits"] if one["trait"] == trait) for group in found["groups"]]
    unit, factor = (_("units"), 1) if trait == "level" else ("%", 100)
    names = [group["name"] for group in found["groups"]]
    return bars_chart("groups", names, [None if mean is None else factor * mean for mean in means], unit, _(LABELS[trait]))


def structure(found: Mapping[str, Any]) -> str:
    """What the grouping is worth, in a sentence with its figure."""
    told = _(_STRUCTURES[found["structure"]])
    return _("{told} Silhouette {figure}, where 1 is best.", told=told, figure=formatting.number(found["silhouette"], 2))


def unused(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Traits that the grouping does not stand on, with the reason."""
    return [(_(LABELS[one["trait"]]), one["reason"]) for one in found["traits"] if not one["used"]]
