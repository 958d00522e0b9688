"""The retailer's mean log units of a product and week: a Gaussian process over cells of one category.

A few hundred to two thousand cells are all there is to learn a shared shock from, however many stores there are, so the method
is one that knows how little it has seen (Rasmussen and Williams 2006, chapter 2): an exponential kernel over plan, rivals
and rhythm, part of it apart for each product, and linear parts of the analogs. Older cells count as noisier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.features.chain_rows import ChainRows

INPUTS = (
    "price_vs_26", "price_vs_8", "depth", "deal", "feature", "display", "depth_1", "feature_1", "deal_1", "feature_2",
    "rival_depth", "rival_feature", "rival_deepest", "price_gap", "since_deep", "since_any_feature", "run_deal", "run_feature",
    "rival_push", "shelf_push_1", "shelf_push_4", "vs_lowest_26", "shelf_2", "shelf_6", "chain_at_origin", "depth_mean_8",
    "feature_mean_8",
)  # fmt: skip
LEVELS = ("analog_near", "analog_loose", "level_8", "level_26", "level_fast", "units_0", "units_1", "level_quiet")
ANCHOR = "level_slow"
_LENGTH, _SHARED, _OF_PRODUCT = 8.0, 1.0, 0.1
_LINEAR_LEVEL, _LINEAR_INPUT, _PRODUCT_LEVEL, _LEVEL = 0.02, 0.001, 0.05, 0.01
_NOISE, _NOISE_GROWS = 0.3, 20.0  # variance of a cell of today; it doubles in so many weeks
_INPUT_LIMIT, _LEVEL_LIMIT, _LEVEL_UNIT = 3.0, 4.0, 0.5
MOST_CELLS, MOST_CELLS_IN_ALL, FEWEST_CELLS = 1800, 30_000, 300
_HORIZONS_KEPT = 2  # cells of one product and week: they share its shock, more of them tell nothing new


Part = tuple[np.ndarray, np.ndarray, np.ndarray]  # inputs, levels, block numbers of cells


@dataclass(frozen=True)
class ChainModel:
    """Learned cells: standardised inputs, levels, block numbers, weights; mean and sd of the inputs."""

    inputs: np.ndarray
    levels: np.ndarray
    block: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    def above_anchor(self, cells: ChainRows, category: np.ndarray) -> np.ndarray:
        """(cells,) mean log units above the stores' mean slow level; category: (blocks,) number of each block's category."""
        inputs, levels = _standardised(cells, self.mean, self.sd)
        found = np.zeros(len(cells.block))
        mine, learned = category[cells.block], category[self.block]
        for number in np.unique(mine):
            here, there = mine == number, learned == number
            if there.any():
                kernel = _kernel((inputs[here], levels[here], cells.block[here]), self._part(there))
                found[here] = kernel @ self.weights[there]
        return found

    def _part(self, chosen: np.ndarray) -> Part:
        return self.inputs[chosen], self.levels[chosen], self.block[chosen]


def _raw_inputs(cells: ChainRows) -> np.ndarray:
    return np.stack([cells.column(name) for name in INPUTS], axis=1)


def _standardised(cells: ChainRows, mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.clip((_raw_inputs(cells) - mean) / sd, -_INPUT_LIMIT, _INPUT_LIMIT)
    above = np.stack([cells.column(name) - cells.column(ANCHOR) for name in LEVELS], axis=1)
    return inputs, np.clip(above / _LEVEL_UNIT, -_LEVEL_LIMIT, _LEVEL_LIMIT)


def _kernel(one: Part, other: Part) -> np.ndarray:
    """(cells, cells) covariance."""
    square = (one[0] ** 2).sum(axis=1)[:, None] + (other[0] ** 2).sum(axis=1)[None] - 2 * one[0] @ other[0].T
    near = np.exp(-np.sqrt(np.maximum(square, 0.0)) / _LENGTH)
    same = one[2][:, None] == other[2][None]
    pooled = _SHARED * near + _LINEAR_LEVEL * (one[1] @ other[1].T) + _LEVEL
    return np.asarray(pooled + same * (_OF_PRODUCT * near + _LINEAR_INPUT * (one[0] @ other[0].T) + _PRODUCT_LEVEL))


def fit_chain(cells: ChainRows, log_units: np.ndarray, last: int, category: np.ndarray, most: int = MOST_CELLS) -> ChainModel:
    """log_units: (cells,) mean over the stores that sold; cells after column `last` are left alone."""
    y = log_units - cells.column(ANCHOR)
    kept = _kept(cells, last, category, most)
    raw = _raw_inputs(cells)[kept]
    mean = raw.mean(axis=0) if len(kept) else np.zeros(len(INPUTS))
    sd = (raw.std(axis=0) if len(kept) else np.ones(len(INPUTS))) + 1e-6
    inputs, levels = (values[kept] for values in _standardised(cells, mean, sd))
    block, target, wanted = cells.block[kept], cells.target[kept], y[kept]
    weights = np.zeros(len(kept))
    for number in np.unique(category[block]):
        here = category[block] == number
        part = (inputs[here], levels[here], block[here])
        covariance = _kernel(part, part)
        covariance[np.diag_indices(len(covariance))] += _NOISE * (1 + (last - target[here]) / _NOISE_GROWS)
        weights[here] = np.linalg.solve(covariance, wanted[here])
    return ChainModel(inputs, levels, block, weights, mean, sd)


def _kept(cells: ChainRows, last: int, category: np.ndarray, most: int) -> np.ndarray:
    """Cell numbers to learn from: few of each product and week, the latest of each category."""
    usable = np.flatnonzero(cells.target <= last)
    shuffled = usable[np.random.default_rng(1).permutation(len(usable))]
    pair = cells.block[shuffled].astype(np.int64) * 100_000 + cells.target[shuffled]
    order = np.argsort(pair, kind="stable")
    first = np.searchsorted(pair[order], pair[order])
    few = shuffled[order][np.arange(len(order)) - first < _HORIZONS_KEPT]
    groups = category[cells.block[few]]
    most = int(np.clip(MOST_CELLS_IN_ALL / max(len(np.unique(groups)), 1), FEWEST_CELLS, most))
    parts = []
    for number in np.unique(groups):
        mine = few[groups == number]
        parts.append(mine[np.argsort(-cells.target[mine], kind="stable")][:most])
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=int)
