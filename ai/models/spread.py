"""How far sales fall from a forecast: a scale per row and the quantiles found on past origins (split conformal).

Quantiles are exp(centre + scale * z), with ascending z and positive scale: they cannot cross. Vovk et al. 2005; the scale makes
them wide where the past says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ai.features.forecast_rows import Rows

PROBABILITIES = np.array([0.025, 0.10, 0.25, 0.50, 0.75, 0.90, 0.975])
TRAITS = ("depth", "feature", "deal", "rival_depth", "deal_at_origin", "feature_at_origin", "horizon", "spread_26", "level_slow")
_NORMAL = np.array([-1.95996, -1.28155, -0.67449, 0.0, 0.67449, 1.28155, 1.95996])
_FEWEST = 200  # residuals of a group before its own quantiles are believed
_SMALLEST_RESIDUAL = 0.02
_SCALES = (0.08, 2.5)
_DEFAULT_SCALE = 0.6  # of log units, where nothing could be tried on the past
_WIDENED = 1.02  # on nine rounds that end before week 135, calm and wild ones, 80 % bands then hold 80 % (docs/decisions/0250)
_MEMORY = 0.5 ** (1 / 13)  # a residual of a quarter ago counts half: calm and wild times last longer than that
_SHORT_BLOCK = 4.0  # weeks that the mean of all products counts in the width of one
_PROMOTED_DEPTH = 0.05


def promoted(rows: Rows) -> np.ndarray:
    """(rows,) bool: the target week is planned with a feature, a deal, a display or a price cut."""
    flagged = sum(np.nan_to_num(rows.column(name)) > 0 for name in ("feature", "deal", "display"))
    return np.asarray((flagged > 0) | (rows.column("depth") > _PROMOTED_DEPTH))


def _traits(rows: Rows) -> np.ndarray:
    """(rows, 1 + traits), a one before them."""
    columns = [np.nan_to_num(rows.column(name)) for name in TRAITS]
    weeks = np.log1p(np.nan_to_num(rows.column("weeks_known")))
    return np.stack([np.ones(len(weeks)), *columns, np.log1p(np.nan_to_num(rows.column("support_near"))), weeks], axis=1)


@dataclass(frozen=True)
class Tried:
    """What members that saw a window's start said from its origins, (rows,) each: centre in log units, others in units."""

    rows: Rows
    centre: np.ndarray
    mape: np.ndarray
    mean: np.ndarray
    units: np.ndarray


@dataclass(frozen=True)
class Spread:
    """weights of the traits in log scale; z (2, probabilities) for quiet and promoted weeks.

    blocks: (block,) by how much the residuals of each are larger, in log scale;
    tried: residuals behind them, 0 when nothing could be tried.
    """

    weights: np.ndarray
    z: np.ndarray
    tried: int
    blocks: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def scale(self, rows: Rows) -> np.ndarray:
        if not self.tried:
            return np.full(len(rows.values), _DEFAULT_SCALE)
        block = _block_of(rows)
        met = block < len(self.blocks)
        wider = np.where(met, self.blocks[np.where(met, block, 0)], 0.0) if len(self.blocks) else 0.0
        return np.exp(np.clip(_traits(rows) @ self.weights + wider, *np.log(_SCALES)))

    def quantiles(self, rows: Rows, centre: np.ndarray) -> np.ndarray:
        """(rows, probabilities) units, ascending, not negative."""
        z = self.z[promoted(rows).astype(int)]
        return np.exp(np.clip(centre[:, None] + self.scale(rows)[:, None] * z, -20.0, 20.0))

    def facts(self) -> dict[str, Any]:
        return {"tried": self.tried}


UNTRIED = Spread(np.zeros(len(TRAITS) + 3), np.stack([_NORMAL, _NORMAL]), 0)


def fit_spread(windows: list[Tried]) -> Spread:
    """From forecasts of past origins beside what was sold; the newest weeks count most."""
    rows = Rows.joined([window.rows for window in windows])
    units = np.concatenate([window.units for window in windows])
    left = np.log(np.maximum(units, 0.5)) - np.concatenate([window.centre for window in windows])
    recency = _MEMORY ** (rows.target.max() - rows.target)
    weights, blocks = _fit_scale(rows, np.log(np.maximum(np.abs(left), _SMALLEST_RESIDUAL)), recency)
    fitted = Spread(weights, UNTRIED.z, len(left), blocks)
    standard = left / fitted.scale(rows)
    group = promoted(rows).astype(int)
    overall = _weighted_quantiles(standard, recency)
    z = np.empty((2, len(PROBABILITIES)))
    for number in (0, 1):
        mine = group == number
        z[number] = _weighted_quantiles(standard[mine], recency[mine]) if mine.sum() >= _FEWEST else overall
    middle_z = z[:, [len(PROBABILITIES) // 2]]
    return Spread(weights, middle_z + _WIDENED * (z - middle_z), len(left), blocks)


def _fit_scale(rows: Rows, size: np.ndarray, recency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(1 + traits,) and (block,): the log sizes of residuals by traits within products, and what is left of each product."""
    traits, block = _traits(rows), _block_of(rows)
    total = np.maximum(np.bincount(block, recency), 1e-9)

    def within(values: np.ndarray) -> np.ndarray:
        return values - (np.bincount(block, recency * values) / total)[block]

    centred = np.stack([within(column) for column in traits[:, 1:].T], axis=1)
    weighted = centred * recency[:, None]
    gram = weighted.T @ centred + np.eye(centred.shape[1]) * 0.01 * recency.sum()
    slopes = np.linalg.solve(gram, weighted.T @ within(size))
    rest = size - traits[:, 1:] @ slopes
    usual = np.average(rest, weights=recency)
    span = int(rows.target.max()) + 1
    weeks = np.bincount(np.unique(block * span + rows.target) // span, minlength=len(total))
    blocks = weeks / (weeks + _SHORT_BLOCK) * (np.bincount(block, recency * (rest - usual)) / total)
    return np.concatenate([[usual], slopes]), blocks


def _block_of(rows: Rows) -> np.ndarray:
    return rows.column("product").astype(int)


def _weighted_quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(probabilities,) ascending: the value below which each share of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return np.asarray(values[order][np.minimum(np.searchsorted(share, PROBABILITIES), len(values) - 1)])
