"""The slowly moving level that the regression leaves over: interpolated across hidden weeks, with its covariance.

Residuals are split into a part shared by all stores of a week and each store's own part. Each is a
first-order autoregressive process plus a shock of the single week (larger when the week was promoted, because the
size of a promotion's effect varies). Both sides of a hidden week inform it: this describes the past and
must not be used to forecast.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

SHARED_MEMORY, STORE_MEMORY = 0.85, 0.95  # correlation of the level from week to week
REACH = 40  # weeks on either side that inform a hidden week
_FLOOR = 2e-3
_UNKNOWN = 1e6  # noise variance that makes an observation count for nothing


@dataclass(frozen=True)
class Variances:
    """Of one process on the log scale: the level, and the single-week shocks of quiet and promoted weeks."""

    level: float
    quiet: float
    promoted: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Level:
    """Posterior for the rows and weeks asked for.

    shared (weeks), shared_cov (weeks, weeks): level and single-week shock of the whole chain;
    own (rows, weeks), own_cov (rows, weeks, weeks): the same of each store.
    """

    shared: np.ndarray
    shared_cov: np.ndarray
    own: np.ndarray
    own_cov: np.ndarray


def _autocovariance(values: np.ndarray, lag: int) -> float:
    """Mean product of values `lag` weeks apart, over rows and known pairs."""
    product = values[:, lag:] * values[:, : values.shape[1] - lag]
    return float(np.nanmean(product)) if np.isfinite(product).any() else 0.0


def estimate_variances(residual: np.ndarray, promoted: np.ndarray, noise: np.ndarray, memory: float) -> Variances:
    """Method of moments: what persists over weeks is level, what does not is shock.

    residual (rows, weeks) with NaN where unknown; noise: variance of averaging already in each entry.
    """
    lags = range(1, min(5, residual.shape[1]))
    persisting = [_autocovariance(residual, lag) / memory**lag for lag in lags]
    level = max(float(np.mean(persisting)) if persisting else 0.0, _FLOOR)

    def shock(which: np.ndarray) -> float:
        chosen = which & np.isfinite(residual)
        if chosen.sum() < 8:
            return float("nan")
        return max(float((residual[chosen] ** 2 - noise[chosen]).mean()) - level, _FLOOR)

    quiet, promo = shock(~promoted), shock(promoted)
    quiet = quiet if quiet == quiet else (promo if promo == promo else 0.1)
    return Variances(level, quiet, promo if promo == promo else 2 * quiet)


def week_means(residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the known rows of each week (zero where none), and their number."""
    known = np.isfinite(residual)
    count = known.sum(axis=0)
    return np.where(known, residual, 0.0).sum(axis=0) / np.maximum(count, 1), count


def _posterior(
    observed: np.ndarray, noise: np.ndarray, days: np.ndarray, targets: np.ndarray, variances: Variances, memory: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (rows, targets) and covariance (rows, targets, targets) of level plus a quiet week's shock."""
    kernel = variances.level * memory ** np.abs(days[:, None] - days[None, :])
    across = variances.level * memory ** np.abs(targets[:, None] - days[None, :])
    among = variances.level * memory ** np.abs(targets[:, None] - targets[None, :])
    system = np.broadcast_to(kernel, (len(noise), *kernel.shape)).copy()
    diagonal = np.arange(len(days))
    system[:, diagonal, diagonal] += noise
    right = np.concatenate([np.broadcast_to(across.T, (len(noise), *across.T.shape)), observed[..., None]], axis=2)
    solved = np.linalg.solve(system, right)
    mean = np.einsum("td,rd->rt", across, solved[..., -1])
    covariance = among - np.einsum("td,rdu->rtu", across, solved[..., :-1])
    return mean, covariance + variances.quiet * np.eye(len(targets))


def level_at(
    residual: np.ndarray,
    promoted: np.ndarray,
    rows: np.ndarray,
    targets: np.ndarray,
    shared: Variances,
    own: Variances,
) -> Level:
    """The level of `rows` in the weeks `targets`, from the residuals that are not NaN.

    residual, promoted: (series, weeks) of the whole block; hide a week by setting its residuals to NaN.
    """
    first, last = max(0, int(targets.min()) - REACH), min(residual.shape[1], int(targets.max()) + REACH + 1)
    days = np.arange(first, last)
    near, flags = residual[:, first:last], promoted[:, first:last]
    mean, count = week_means(near)
    seldom = np.maximum(count, 1)
    share_promoted = (flags & np.isfinite(near)).sum(axis=0) / seldom
    shock = shared.quiet + share_promoted * (shared.promoted - shared.quiet)
    noise = np.where(count > 0, shock + (own.quiet + own.level) / seldom, _UNKNOWN)
    shared_mean, shared_cov = _posterior(mean[None], noise[None], days, targets, shared, SHARED_MEMORY)
    deviation = near[rows] - mean
    known = np.isfinite(deviation)
    own_noise = np.where(known, np.where(flags[rows], own.promoted, own.quiet), _UNKNOWN)
    own_mean, own_cov = _posterior(np.where(known, deviation, 0.0), own_noise, days, targets, own, STORE_MEMORY)
    return Level(shared_mean[0], shared_cov[0], own_mean, own_cov)
