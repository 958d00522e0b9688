"""One measured line: what, how much, against which goal."""

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """`value` in `unit`; met when at most `goal`. `control` is what the bare control needed, in the same unit."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    control: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile; `share` between 0 and 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)
