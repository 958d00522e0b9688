"""How far sales stray from their baseline where nothing happened: what a promotion's effect is held against.

A placebo is a quiet window taken apart as if it had been a promotion. The p-value of a promotion is the share of placebos of like
length that stray at least as far, each measured in its own standard deviations (Abadie, Diamond and Hainmueller 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LENGTHS = (1, 2, 4)  # weeks of the placebos that are tried
FEWEST = 40  # placebos before a p-value is given: with fewer it could not fall under 2.5 %


@dataclass(frozen=True)
class Placebos:
    """One entry a placebo: its weeks, its first week number, and its log effect in standard deviations of the baseline."""

    weeks: np.ndarray
    first_week: np.ndarray
    strayed: np.ndarray

    def like(self, weeks: int) -> np.ndarray:
        """(placebos,) bool: those of the tried length next to `weeks`; all together where those are too few."""
        length = min(LENGTHS, key=lambda tried: abs(np.log(weeks / tried)))
        chosen = self.weeks == length
        return chosen if chosen.sum() >= FEWEST else np.ones(len(self.weeks), dtype=bool)

    def apart_from(self, first_week: int, weeks: int) -> Placebos:
        """Those that share no week with the window: what may be held against a placebo itself."""
        apart = (self.first_week + self.weeks <= first_week) | (self.first_week >= first_week + weeks)
        return Placebos(self.weeks[apart], self.first_week[apart], self.strayed[apart])

    def p_value(self, strayed: float, weeks: int) -> float | None:
        """Two-sided, by rank; None where there are too few placebos or nothing to compare."""
        others = self.strayed[self.like(weeks)]
        if len(others) < FEWEST or not np.isfinite(strayed):
            return None
        return float((1 + (np.abs(others) >= abs(strayed)).sum()) / (len(others) + 1))


NO_PLACEBOS = Placebos(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))
