"""How far the model behind a figure missed weeks that it had not seen: one sentence, the same on every page."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import _
from app.web import formatting


def measured(model: Mapping[str, Any] | None) -> str:
    """Of a model as the AI service gives it; empty without one."""
    if not model:
        return ""
    metrics = model.get("metrics") or {}
    median = ((metrics.get("forecast") or {}).get("objective") or {}).get("median") or {}
    return sentence(median.get("wmape"), (metrics.get("chain") or {}).get("wmape"))


def sentence(forecast: float | None, baseline: float | None) -> str:
    """Of the shares of units missed: a forecast of a store and week, a baseline of a whole chain and week."""
    parts = []
    if forecast is not None:
        parts.append(_("a forecast of one store and week {share}", share=formatting.percent(forecast)))
    if baseline is not None:
        parts.append(_("a baseline of a chain and week {share}", share=formatting.percent(baseline)))
    if not parts:
        return _("How far the model misses was not measured: the sales are too short.")
    return _("On weeks that the model had not seen, of the units sold it missed: {parts}.", parts="; ".join(parts))
