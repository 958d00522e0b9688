"""Whether a new model may take over: not when its own back-test is clearly worse than that of the model that serves.

Both measured themselves on weeks they had not seen, each on its own sales; where these differ much in size the figures
cannot be compared, and the newer sales win.
"""

from __future__ import annotations

from typing import Any

CLEARLY_WORSE = 1.25  # times the error; smaller differences are those of calm and wild half years
SAME_SIZE = 0.8  # of the rows, for two back-tests to be comparable
_MEASURES = (
    ("forecast error", ("forecast", "objective", "median", "wmape")),
    ("baseline error of whole chains", ("chain", "wmape")),
)


def clearly_worse(new: dict[str, Any], new_rows: int, serving: dict[str, Any], serving_rows: int) -> str | None:
    """Why the new model must not serve yet, in words; None when it may."""
    if min(new_rows, serving_rows) < SAME_SIZE * max(new_rows, serving_rows, 1):
        return None
    for name, path in _MEASURES:
        found, before = _at(new, path), _at(serving, path)
        if found is not None and before and found > CLEARLY_WORSE * before:
            return f"its {name} is {100 * found:.1f} %, that of the model that serves {100 * before:.1f} %"
    return None


def _at(metrics: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = metrics
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None
