"""Decisions about models as pure functions: what has drifted, in words, and which model a roll back leads to."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.i18n import N_, _

FEATURES = {
    "price": N_("Price level"),
    "price_cut": N_("Depth of price cuts"),
    "deal": N_("Deals"),
    "feature": N_("Advertisements"),
    "display": N_("Displays"),
    "units": N_("Units"),
}
ERRORS = {
    "error": N_("forecast error {ratio} times that at training"),
    "baseline_error": N_("baseline error in quiet weeks {ratio} times that before the training's end"),
}
SHIFTED = "shifted"


def shifted(look: Mapping[str, Any]) -> list[str]:
    """The names of what no longer looks as at training."""
    found = [str(one["feature"]) for one in look["features"] if one["state"] == SHIFTED]
    return found + [name for name in ERRORS if (look.get(name) or {}).get("state") == SHIFTED]


def sentence(look: Mapping[str, Any]) -> str:
    """One line for the alert and the page's heading."""
    parts = [
        _("{name}: stability index {psi} (a shift from {usual})", name=_(FEATURES.get(one["feature"], one["feature"])),
          psi=f"{one['psi']:.2f}", usual=f"{max(one['usual'] or 0.0, 0.25):.2f}")
        for one in look["features"] if one["state"] == SHIFTED
    ]  # fmt: skip
    for name, words in ERRORS.items():
        error = look.get(name) or {}  # looks of older versions have no error of the baseline
        if error.get("state") == SHIFTED:
            parts.append(_(words, ratio=f"{error['ratio']:.1f}"))
    return "; ".join(parts) or _("the newest weeks look as those of the training did")


def model_before(models: Sequence[Mapping[str, Any]], current_id: str) -> Mapping[str, Any] | None:
    """Of `models` (one source, newest first) the one fitted before the current: where a roll back leads."""
    ids = [model["id"] for model in models]
    if current_id not in ids:
        return None
    older = models[ids.index(current_id) + 1 :]
    return older[0] if older else None
