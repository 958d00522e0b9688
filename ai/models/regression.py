"""Bayesian linear regression of log units with series effects and a shock per week shared by all series.

y[s,t] = a[s] + x[s,t].b + g[t] + e[s,t],  b ~ N(m, diag(sd^2)),  g ~ N(0, shared),  e ~ N(0, single)

Series effects are removed by centring; the shared shock is dealt with by partially demeaning every week
(the random-effects transformation: Wooldridge, Econometric Analysis of Cross Section and Panel Data, 10.4),
so that a promotion run by the whole chain counts as the one observation that it is, not as one per store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 3
_SMALLEST_VARIANCE = 1e-3


@dataclass(frozen=True)
class Fit:
    """Coefficients with their covariance, series effects, and the two variances on the log scale."""

    coefficients: np.ndarray
    covariance: np.ndarray
    intercepts: np.ndarray
    single_variance: float
    shared_variance: float


def _centred(values: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values minus their series mean over the used weeks (zero elsewhere), and those means."""
    mask = used if values.ndim == 2 else used[..., None]
    counts = np.maximum(used.sum(axis=1), 1).reshape((-1,) + (1,) * (values.ndim - 2))
    means = np.where(mask, values, 0.0).sum(axis=1) / counts
    return np.where(mask, values - means[:, None], 0.0), means


def fit(y: np.ndarray, x: np.ndarray, used: np.ndarray, prior_mean: np.ndarray, prior_sd: np.ndarray) -> Fit:
    """Fits the rows where `used`; y (series, weeks), x (series, weeks, columns), used (series, weeks)."""
    yc, y_means = _centred(y, used)
    xc, x_means = _centred(x, used)
    rows = max(int(used.sum()), 1)
    stores = used.sum(axis=0)
    divisor = np.maximum(stores, 1)
    y_week = yc.sum(axis=0) / divisor
    x_week = xc.sum(axis=0) / divisor[:, None]
    within = np.tensordot(xc, xc, axes=([0, 1], [0, 1]))
    within_y = np.tensordot(xc, yc, axes=([0, 1], [0, 1]))
    precision = 1 / prior_sd**2
    single, shared = 0.1, 0.1
    for _ in range(_ROUNDS):
        # Partial demeaning in sums: sum (x - th*xbar)(x - th*xbar)' = sum xx' - n (2 th - th^2) xbar xbar'.
        theta = 1 - np.sqrt(single / (single + stores * shared))
        weight = stores * (2 * theta - theta**2)
        gram = (within - (x_week * weight[:, None]).T @ x_week) / single + np.diag(precision)
        right = (within_y - (x_week * weight[:, None]).T @ y_week) / single + precision * prior_mean
        coefficients = np.linalg.solve(gram, right)
        residual = np.where(used, yc - xc @ coefficients, 0.0)
        week_mean = residual.sum(axis=0) / divisor
        single = max(float(((residual - week_mean) ** 2)[used].sum()) / rows, _SMALLEST_VARIANCE)
        many = stores >= max(2, stores.max() / 2)
        spread = float((week_mean[many] ** 2).mean() - (single / divisor[many]).mean()) if many.any() else 0.0
        shared = max(spread, _SMALLEST_VARIANCE)
    return Fit(
        coefficients=coefficients,
        covariance=np.linalg.inv(gram),
        intercepts=y_means - x_means @ coefficients,
        single_variance=single,
        shared_variance=shared,
    )
