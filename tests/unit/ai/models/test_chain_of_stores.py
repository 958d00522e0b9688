"""The Gaussian process over product-weeks on weeks whose truth is known."""

import numpy as np
import pytest

from ai.features.chain_rows import ChainRows
from ai.models.chain import ANCHOR, INPUTS, LEVELS, MOST_CELLS, ChainModel, fit_chain

PRODUCTS, WEEKS = 4, 90
NAMES = list(dict.fromkeys((*INPUTS, *LEVELS, ANCHOR)))
CATEGORY = np.zeros(PRODUCTS, dtype=int)


def cells(weeks: int = WEEKS, horizons: int = 1) -> tuple[ChainRows, np.ndarray]:
    """Units rise with the depth of the cut, and with a feature; noise as of a shared shock."""
    rng = np.random.default_rng(2)
    block, target, horizon = (
        axis.ravel() for axis in np.meshgrid(range(PRODUCTS), range(weeks), range(1, horizons + 1), indexing="ij")
    )
    values = np.zeros((len(block), len(NAMES)))
    depth = np.where(rng.random((PRODUCTS, weeks)) < 0.3, rng.uniform(0.1, 0.5, (PRODUCTS, weeks)), 0.0)[block, target]
    values[:, NAMES.index("depth")] = depth
    values[:, NAMES.index("price_vs_26")] = -depth
    values[:, NAMES.index("feature")] = feature = (depth > 0.3).astype(float)
    for name in (*LEVELS, ANCHOR):
        values[:, NAMES.index(name)] = 5.0
    truth = 5.0 + 3.0 * depth + 0.5 * feature
    every = ChainRows(np.arange(len(block)), block, target - horizon, target, NAMES, values, np.ones(len(block), dtype=bool))
    return every, truth + rng.normal(0, 0.2, (PRODUCTS, weeks))[block, target]


def said(model: ChainModel, every: ChainRows) -> np.ndarray:
    return every.column(ANCHOR) + model.above_anchor(every, CATEGORY)


def test_it_learns_what_a_cut_does() -> None:
    every, units = cells()
    model = fit_chain(every, units, 69, CATEGORY)
    later = every.target > 69
    left = units[later] - said(model, every)[later]
    assert left.std() < 0.75 * (units[later] - 5.0).std()
    deep = later & (every.column("depth") > 0.3)
    assert said(model, every)[deep].mean() == pytest.approx(units[deep].mean(), abs=0.25)


def test_weeks_after_the_last_are_left_alone() -> None:
    every, units = cells()
    changed = np.where(every.target > 69, units + 9, units)
    one, other = (fit_chain(every, values, 69, CATEGORY) for values in (units, changed))
    assert np.array_equal(one.weights, other.weights)


def test_it_keeps_few_cells_of_a_week_and_the_latest() -> None:
    every, units = cells(horizons=5)
    model = fit_chain(every, units, WEEKS, CATEGORY, most=100)
    assert len(model.weights) == 100
    assert fit_chain(every, units, WEEKS, CATEGORY).weights.shape == (2 * PRODUCTS * WEEKS,)
    assert 2 * PRODUCTS * WEEKS < MOST_CELLS


def test_a_category_it_has_not_met_stays_at_its_level() -> None:
    every, units = cells()
    model = fit_chain(every, units, WEEKS, CATEGORY)
    foreign = ChainRows(every.cell, every.block + PRODUCTS, every.origin, every.target, NAMES, every.values, every.counted)
    assert not model.above_anchor(foreign, np.repeat([0, 1], PRODUCTS)).any()
