"""Names of groups in plain words: what sets each apart from the others."""

from __future__ import annotations

import numpy as np

from ai.segments.traits import TRAITS, USUAL_CUT, Of

APART = 0.5  # standard deviations from the mean of all before a trait names a group
_MOST_WORDS = 2
READINGS = {
    "level": "units a week and series without promotion",
    "promoted": "share of the weeks on promotion",
    "depth": "share off the regular price while promoted",
    "response": f"uplift of a deal at {USUAL_CUT:.0%} off",
    "season": "swing over the year, above and below its middle",
    "trend": "change of units a year",
}
_WORDS = {
    "promoted": ("often promoted", "rarely promoted"),
    "depth": ("deep deals", "shallow deals"),
    "response": ("answering deals strongly", "answering deals weakly"),
    "season": ("seasonal", "even over the year"),
}
_SIZES: dict[Of, tuple[str, str]] = {"customers": ("large", "small"), "products": ("fast selling", "slow selling")}
# Mean silhouette from which a structure is called so (Kaufman and Rousseeuw 1990, table 4).
_STRUCTURES = ((0.71, "strong"), (0.51, "reasonable"), (0.26, "weak"))


def structure_of(silhouette: float) -> str:
    """strong, reasonable, weak, or none: the groups run into each other."""
    return next((word for least, word in _STRUCTURES if silhouette >= least), "none")


def named(centres: np.ndarray, means: np.ndarray, used: np.ndarray, of: Of) -> list[str]:
    """A name for each group, all different. centres: (groups, traits) in standard deviations; means: in the traits' own units."""
    words = [_words(centre, mean, used, of) for centre, mean in zip(centres, means, strict=True)]
    names = [_joined(one[:_MOST_WORDS]) for one in words]
    for number, name in enumerate(names):
        if names.count(name) > 1:  # as many words as it takes, at last its number
            names[number] = _joined(words[number])
    return [name if names.count(name) == 1 else f"{name} ({number + 1})" for number, name in enumerate(names)]


def _words(centre: np.ndarray, mean: np.ndarray, used: np.ndarray, of: Of) -> list[str]:
    """What sets a group apart, the most striking first."""
    apart = [n for n in np.argsort(-np.abs(centre), kind="stable") if used[n] and abs(centre[n]) >= APART]
    return [_word(TRAITS[n], centre[n] > 0, float(mean[n]), of) for n in apart]


def _word(trait: str, high: bool, mean: float, of: Of) -> str:
    if trait == "trend":  # a group is called growing only when it grows
        return ("growing" if mean > 0 else "shrinking least") if high else ("shrinking" if mean < 0 else "growing least")
    pair = _SIZES[of] if trait == "level" else _WORDS[trait]
    return pair[0] if high else pair[1]


def _joined(words: list[str]) -> str:
    text = ", ".join(words) or "near the average"
    return text[:1].upper() + text[1:]
