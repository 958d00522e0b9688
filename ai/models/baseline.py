"""Units that would have sold without promotion, per series and week, with what is needed to add them up honestly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.features.design import Design
from ai.models.level import level_at
from ai.models.loglinear import BlockModel, residuals


@dataclass(frozen=True)
class Baseline:
    """Expected units (rows, weeks) with the covariance of log errors: shared by the rows, and each row's own."""

    expected: np.ndarray
    shared_cov: np.ndarray  # (weeks, weeks)
    own_cov: np.ndarray  # (rows, weeks, weeks)


def baseline_of(
    panel: Panel,
    model: BlockModel,
    design: Design,
    counterfactual: np.ndarray,
    rows: np.ndarray,
    targets: np.ndarray,
    hidden: np.ndarray,
) -> Baseline:
    """The baseline of the block's `rows` in the week columns `targets`.

    design: what happened; counterfactual: what would have been (rows, weeks, columns);
    hidden: (series, weeks) bool, weeks whose sales must not inform the level (those of the promotion under study).
    """
    left = residuals(panel, model, design)
    left = np.where(hidden, np.nan, left)
    level = level_at(left, panel.promoted[model.block.series], rows, targets, model.shared, model.own)
    x = counterfactual
    log_mean = model.fit.intercepts[rows, None] + x @ model.fit.coefficients + level.shared + level.own
    expected = model.smearing * np.exp(log_mean)
    weights = expected / np.maximum(expected.sum(axis=0), 1e-9)
    x_mean = np.einsum("rw,rwk->wk", weights, x)
    coefficient_cov = x_mean @ model.fit.covariance @ x_mean.T
    return Baseline(expected, level.shared_cov + coefficient_cov, level.own_cov)
