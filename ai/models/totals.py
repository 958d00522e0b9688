"""Adds baselines over stores, weeks and products, with bands that keep the shared shock from averaging out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.models.baseline import Baseline
from ai.models.loglinear import Calibration

_NO_UNITS = 1e-6
_MOST_RELATIVE_VARIANCE = 1e4  # a band of a factor of 50 either way says all there is to say


@dataclass(frozen=True)
class Total:
    """Expected units of a sum, and its variance split by what the stores share and what they do not."""

    expected: float
    shared_variance: float
    own_variance: float
    weeks: int = 1

    def __add__(self, other: Total) -> Total:
        """The sum of independent totals (different products)."""
        return Total(
            self.expected + other.expected,
            self.shared_variance + other.shared_variance,
            self.own_variance + other.own_variance,
            max(self.weeks, other.weeks),
        )

    @property
    def log_sd(self) -> float:
        """Standard deviation of the log of the sum, as if lognormal (Fenton 1960)."""
        return float(log_sd(np.array(self.expected), np.array(self.shared_variance + self.own_variance)))


def strayed(actual: float, total: Total) -> float:
    """log(actual / expected) in standard deviations of the expected; NaN where nothing was expected."""
    if total.expected <= _NO_UNITS:
        return float("nan")
    return float(np.log(max(actual, 0.5) / max(total.expected, 0.5)) / max(total.log_sd, 1e-6))


NOTHING = Total(0.0, 0.0, 0.0, 0)


def relative_covariance(covariance: np.ndarray) -> np.ndarray:
    """Of lognormal units, from the covariance of their logs; bounded: weeks far from all sales have one beyond numbers."""
    return np.expm1(np.minimum(covariance, np.log1p(_MOST_RELATIVE_VARIANCE)))


def total_of(baseline: Baseline, counted: np.ndarray) -> Total:
    """The sum over the rows and weeks that are `counted` (rows, weeks; bool)."""
    units = np.where(counted, baseline.expected, 0.0)
    by_week = units.sum(axis=0)
    shared = float(by_week @ relative_covariance(baseline.shared_cov) @ by_week)
    own = float(np.einsum("rt,rtu,ru->", units, relative_covariance(baseline.own_cov), units))
    weeks = int(counted.any(axis=0).sum())
    return Total(float(by_week.sum()), max(shared, 0.0), max(own, 0.0), weeks)


def log_sd(expected: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Standard deviation of the log of lognormal units with this mean and variance; zero where there are none."""
    some = expected > _NO_UNITS
    relative = np.divide(variance, expected**2, out=np.zeros(np.shape(expected)), where=some & (expected**2 > 0))
    return np.sqrt(np.log1p(np.minimum(relative, _MOST_RELATIVE_VARIANCE)))


def quantile_table(
    expected: np.ndarray, shared: np.ndarray, own: np.ndarray, weeks: np.ndarray, calibration: Calibration
) -> np.ndarray:
    """Units at PROBABILITIES, (totals, probabilities): ascending and never negative.

    Standardised errors of single series and of chain totals (of one week, of several) have different tails; the
    mixture follows the share of the variance that is shared.
    """
    variance = shared + own
    share = np.divide(shared, variance, out=np.zeros(len(variance)), where=variance > 0)[:, None]
    together = np.where((weeks > 1)[:, None], calibration.several, calibration.shared)
    z = share * together + (1 - share) * calibration.single
    units = np.where(expected > _NO_UNITS, expected, 0.0)
    return units[:, None] * np.exp(z * log_sd(expected, variance)[:, None])


def quantiles(total: Total, calibration: Calibration) -> np.ndarray:
    """Units of one total at PROBABILITIES."""
    one = [np.array([part]) for part in (total.expected, total.shared_variance, total.own_variance, total.weeks)]
    expected, shared, own, weeks = one
    return quantile_table(expected, shared, own, weeks, calibration)[0]
