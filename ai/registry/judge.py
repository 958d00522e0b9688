"""Whether a new model may take over: not when it forecasts worse than the model that serves.

Where enough weeks came since the serving model's training, both are held against the same cells of them. Else each back-test is
taken as published, on its own weeks; where the sales behind these differ much in size they cannot be compared, and the newer
sales win.
"""

from __future__ import annotations

from typing import Any

from ai.registry.same_weeks import SameWeeks

WORSE = 1.1  # times the error on the same cells: less is chance, and the new one's back-test ended up to 18 weeks earlier
CLEARLY_WORSE = 1.25  # times the error on other weeks; smaller differences are those of calm and wild half years
SAME_SIZE = 0.8  # of the rows, for two back-tests to be comparable
_FORECAST = ("forecast error", ("forecast", "objective", "median", "wmape"))
_BASELINE = ("baseline error of whole chains", ("chain", "wmape"))


def held_back(
    new: dict[str, Any], new_rows: int, serving: dict[str, Any], serving_rows: int, same: SameWeeks | None = None
) -> str | None:
    """Why the new model must not serve yet, in words; None when it may. new, serving: their published metrics."""
    if same is not None and same.new > WORSE * same.serving:
        return (
            f"on the same {same.weeks} weeks, which neither has seen, its forecast error is {100 * same.new:.1f} %, "
            f"that of the model that serves {100 * same.serving:.1f} %"
        )
    if min(new_rows, serving_rows) < SAME_SIZE * max(new_rows, serving_rows, 1):
        return None
    for name, path in (_BASELINE,) if same is not None else (_FORECAST, _BASELINE):
        found, before = _at(new, path), _at(serving, path)
        if found is not None and before and found > CLEARLY_WORSE * before:
            return f"its {name} is {100 * found:.1f} %, that of the model that serves {100 * before:.1f} %"
    return None


def _at(metrics: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = metrics
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None
