"""The time of the year and a slow trend."""

from __future__ import annotations

import numpy as np

from ai.data.weeks import WEEKS_A_YEAR
from ai.features.columns import Column

HARMONICS = 1


def season_columns(week_numbers: np.ndarray, origin: float, series: int) -> list[Column]:
    """Sine and cosine pairs of the year, and trend in years since `origin` (a week number)."""

    def spread(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (series, len(values)))

    angle = 2 * np.pi * week_numbers / WEEKS_A_YEAR
    columns = []
    for harmonic in range(1, HARMONICS + 1):
        columns.append(Column(f"sin_{harmonic}", spread(np.sin(harmonic * angle)), 0.0, 0.1))
        columns.append(Column(f"cos_{harmonic}", spread(np.cos(harmonic * angle)), 0.0, 0.1))
    years = (week_numbers - origin) / WEEKS_A_YEAR
    columns.append(Column("trend", spread(years), 0.0, 0.15))
    columns.append(Column("trend_squared", spread(years**2), 0.0, 0.1))
    return columns
