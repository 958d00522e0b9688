"""The fitted model: one log-linear regression per product and retailer, shrunk towards its brand and category."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block
from ai.features.design import Design, blocks_of, design_of
from ai.features.promotions import usual_log_price
from ai.models.level import SHARED_MEMORY, STORE_MEMORY, Variances, estimate_variances, week_means
from ai.models.placebos import NO_PLACEBOS, Placebos
from ai.models.priors import Member, priors_of
from ai.models.regression import Fit, fit

if TYPE_CHECKING:
    from ai.models.effects import Effects

# Fewer than these and nothing is claimed about the product (quiet weeks) or the store (weeks of sales).
FEWEST_QUIET_WEEKS = 12
FEWEST_WEEKS_OF_A_SERIES = 8
SMALLEST_UNITS = 0.5  # stands in for zero and negative units under the logarithm


@dataclass(frozen=True)
class BlockModel:
    """What was learned about one product at one retailer; arrays follow `block.series`."""

    block: Block
    names: list[str]
    prior_sd: np.ndarray
    fit: Fit
    usual_price: np.ndarray
    modelled: np.ndarray  # bool: the series has enough weeks
    shared: Variances
    own: Variances
    smearing: float = 1.0  # mean of units over exp(predicted log units), from held-out quiet weeks
    refusal: str = ""  # why no baseline can be given, empty when it can

    @functools.cached_property
    def place(self) -> dict[str, int]:
        """The column of each name."""
        return {name: number for number, name in enumerate(self.names)}


@dataclass(frozen=True)
class Calibration:
    """Quantiles of standardised held-out log errors at PROBABILITIES.

    single: one series in one week; shared: a chain's total of one week; several: a chain's total of several weeks.
    """

    single: np.ndarray
    shared: np.ndarray
    several: np.ndarray


@dataclass
class LogLinearModel:
    """All blocks, the calibration of their bands, and the placebos that effects are held against."""

    origin: float  # week number that the trend counts from
    first_week: int
    last_week: int
    blocks: dict[tuple[str, str], BlockModel]
    calibration: Calibration
    metrics: dict[str, Any] = field(default_factory=dict)
    placebos: Placebos = NO_PLACEBOS
    own_effects: dict[tuple[str, str], Effects] = field(default_factory=dict, repr=False, compare=False)  # by block, as asked for

    def of_product(self, product_id: str) -> list[BlockModel]:
        """Its blocks, one a retailer."""
        return self._by_product.get(product_id, [])

    @functools.cached_property
    def feeling(self) -> dict[str, list[tuple[BlockModel, np.ndarray]]]:
        """By product: blocks that have it as a modelled rival, with its series at each of their stores, -1 where it is absent."""
        found: dict[str, list[tuple[BlockModel, np.ndarray]]] = {}
        for block in self.blocks.values():
            for rival, aligned in block.block.rivals if not block.refusal else ():
                found.setdefault(rival, []).append((block, aligned))
        return found

    @functools.cached_property
    def _by_product(self) -> dict[str, list[BlockModel]]:
        found: dict[str, list[BlockModel]] = {}
        for block in self.blocks.values():
            found.setdefault(block.block.product_id, []).append(block)
        return found


# Lower and upper ends of the 95, 80 and 50 % bands, ascending.
PROBABILITIES = np.array([0.025, 0.10, 0.25, 0.75, 0.90, 0.975])
NORMAL_QUANTILES = np.array([-1.95996, -1.28155, -0.67449, 0.67449, 1.28155, 1.95996])
NORMAL_CALIBRATION = Calibration(NORMAL_QUANTILES, NORMAL_QUANTILES, NORMAL_QUANTILES)


def log_units(panel: Panel, block: Block) -> np.ndarray:
    """log(units), NaN where there is no row; units of a half or less count as a half."""
    return np.log(np.maximum(panel.units[block.series], SMALLEST_UNITS))


def residuals(panel: Panel, model: BlockModel, design: Design) -> np.ndarray:
    """Log units minus the regression, NaN where there is no row or the series is too short."""
    explained = model.fit.intercepts[:, None] + design.values @ model.fit.coefficients
    left = log_units(panel, model.block) - explained
    return np.where(model.modelled[:, None], left, np.nan)


def _fit_block(
    panel: Panel, block: Block, hidden: np.ndarray | None, origin: float, prior: dict[str, tuple[float, float]]
) -> BlockModel:
    usual = usual_log_price(panel, block.series)
    design = design_of(panel, block, usual, origin)
    mean, sd = design.prior_mean.copy(), design.prior_sd.copy()
    for number, name in enumerate(design.names):
        mean[number], sd[number] = prior.get(name, (mean[number], sd[number]))
    used = panel.known[block.series] & np.isfinite(panel.price[block.series])
    if hidden is not None:
        used = used & ~hidden
    modelled = used.sum(axis=1) >= FEWEST_WEEKS_OF_A_SERIES
    used = used & modelled[:, None]
    y = np.where(used, log_units(panel, block), 0.0)
    fitted = fit(y, design.values, used, mean, sd)
    quiet_weeks = (used & panel.quiet[block.series]).any(axis=0).sum()
    refusal = ""
    if not modelled.any():
        refusal = f"no store has {FEWEST_WEEKS_OF_A_SERIES} weeks of sales"
    elif not (panel.units[block.series][used] > 0).any():
        refusal = "it never sold a unit"
    elif quiet_weeks < FEWEST_QUIET_WEEKS:
        refusal = f"only {quiet_weeks} weeks without promotion, {FEWEST_QUIET_WEEKS} are needed for a baseline"
    model = BlockModel(
        block, design.names, sd, fitted, usual, modelled,
        Variances(0.01, 0.1, 0.1), Variances(0.01, 0.1, 0.1), refusal=refusal,
    )  # fmt: skip
    left = np.where(used, residuals(panel, model, design), np.nan)
    promoted = panel.promoted[block.series]
    mean_left, count = week_means(left)
    share = (promoted & used).sum(axis=0) / np.maximum(count, 1)
    seen = np.where(count > 0, mean_left, np.nan)[None]
    shared_noise = (fitted.single_variance / np.maximum(count, 1))[None]
    shared = estimate_variances(seen, (share > 0.5)[None], shared_noise, SHARED_MEMORY)
    own = estimate_variances(left - mean_left, promoted, np.zeros(left.shape), STORE_MEMORY)
    return replace(model, shared=shared, own=own)


def _member(model: BlockModel) -> Member:
    block, variances = model.block, np.diag(model.fit.covariance)
    return Member(block.key, block.category_id, block.brand_id, model.names, model.fit.coefficients, variances, model.prior_sd)


def fit_blocks(panel: Panel, hidden: np.ndarray | None = None) -> tuple[dict[tuple[str, str], BlockModel], float]:
    """Fits every block twice: alone, then shrunk towards its brand and category.

    hidden: (weeks,) bool, weeks that must not be looked at. Returns the models and the trend's origin. Designs are
    not kept: all at once would be the largest thing in memory.
    """
    origin = panel.first_week + panel.weeks / 2
    blocks = blocks_of(panel)
    alone = (_fit_block(panel, block, hidden, origin, {}) for block in blocks)
    priors = priors_of([_member(model) for model in alone if not model.refusal])
    models = {block.key: _fit_block(panel, block, hidden, origin, priors.get(block.key, {})) for block in blocks}
    return models, origin
