"""What a simulated promotion does to the other products of its shelf, and its products to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.means import known_mean, last_known
from ai.data.panel import Panel
from ai.models.loglinear import BlockModel, LogLinearModel


@dataclass(frozen=True)
class Promoted:
    """The products of the promotion, its weeks and share of advertised stores; depth (series,), units a week by series number."""

    product_ids: tuple[str, ...]
    weeks: int
    feature: float
    depth: np.ndarray
    units: dict[int, np.ndarray]


@dataclass(frozen=True)
class SisterUnits:
    """Units that a product of the shelf loses (below zero) or gains in the promotion's weeks; prices per unit, NaN if unknown."""

    key: tuple[str, str]  # of its block: product, retailer
    units: float
    variance: float
    price_regular: float
    cost_regular: float


def units_of_sisters(panel: Panel, model: LogLinearModel, quiet: np.ndarray, promoted: Promoted) -> list[SisterUnits]:
    """Products of the shelf of which a promoted one is a modelled rival; quiet: (series, weeks) units without promotion."""
    found: list[SisterUnits] = []
    on = np.zeros(len(panel.series), dtype=bool)
    on[list(promoted.units)] = True
    wanted = set(promoted.product_ids)
    for block in model.blocks.values():
        rivals = [(rival, aligned) for rival, aligned in block.block.rivals if rival in wanted]
        if block.refusal or not rivals:
            continue
        place = {name: number for number, name in enumerate(block.names)}
        chosen: list[int] = []
        traits: list[np.ndarray] = []
        for rival, aligned in rivals:
            there = (aligned >= 0) & on[np.maximum(aligned, 0)]
            if not there.any():
                continue
            values_of = {
                f"rival_depth:{rival}": promoted.depth[np.maximum(aligned, 0)],
                f"rival_feature:{rival}": promoted.feature,
            }
            for name, values in values_of.items():
                if name in place:
                    chosen.append(place[name])
                    traits.append(np.where(there, values, 0.0))
        if not chosen:
            continue
        columns, here = np.stack(traits, axis=1), _units(block, quiet, promoted)
        touched = np.where(columns.any(axis=1), here, 0.0)
        if not touched.any():
            continue
        effect = columns @ block.fit.coefficients[chosen]
        gradient = (here * np.exp(effect)) @ columns
        series = block.block.series
        found.append(
            SisterUnits(
                key=block.block.key,
                units=float(here @ np.expm1(effect)),
                variance=max(float(gradient @ block.fit.covariance[np.ix_(chosen, chosen)] @ gradient), 0.0),
                price_regular=known_mean(panel.usual_prices[series], touched),
                cost_regular=known_mean(last_known(panel.cost_regular[series]), touched),
            )
        )
    return found


def _units(block: BlockModel, quiet: np.ndarray, promoted: Promoted) -> np.ndarray:
    """(series,) units of the block in the promotion's weeks: as promoted where it is itself, else quiet; unknown is zero."""
    units = np.nan_to_num(quiet[block.block.series, : promoted.weeks]).sum(axis=1)
    itself = [(row, number) for row, number in enumerate(block.block.series.tolist()) if number in promoted.units]
    for row, number in itself:
        units[row] = promoted.units[number][: promoted.weeks].sum()
    return units
