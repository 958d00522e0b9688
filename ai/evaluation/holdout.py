"""Hides blocks of weeks, fits without them, predicts their quiet weeks: errors, calibration, smearing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.features.design import design_of
from ai.models.baseline import Baseline, baseline_of
from ai.models.loglinear import (
    NORMAL_CALIBRATION,
    PROBABILITIES,
    SMALLEST_UNITS,
    BlockModel,
    Calibration,
    fit_blocks,
)
from ai.models.totals import Total, log_sd, quantile_table, total_of

FOLDS = 5
BLOCK_WEEKS = 4
_FEWEST_FOR_QUANTILES = 60
_SMEARING_LIMITS = (0.8, 1.6)
Tables = dict[str, list[np.ndarray]]


@dataclass(frozen=True)
class Cells:
    """Held-out predictions of quiet sales, one entry each: single series, or the total of a chain's quiet stores."""

    fold: np.ndarray
    block: np.ndarray  # number of the product at the retailer
    week: np.ndarray
    actual: np.ndarray
    expected: np.ndarray  # before smearing
    shared_variance: np.ndarray  # of units, before smearing
    own_variance: np.ndarray
    weeks: np.ndarray  # how many weeks the entry adds up

    def take(self, chosen: np.ndarray) -> Cells:
        return Cells(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class HoldOut:
    single: Cells
    chain: Cells
    runs: Cells  # the total of a chain's quiet stores over each hidden block of weeks
    keys: list[tuple[str, str]]


def hidden_runs(weeks: int) -> list[tuple[int, np.ndarray]]:
    """Consecutive runs of week columns, each with the fold that hides it."""
    return [
        (run % FOLDS, np.arange(start, min(start + BLOCK_WEEKS, weeks))) for run, start in enumerate(range(0, weeks, BLOCK_WEEKS))
    ]


def hold_out(panel: Panel) -> HoldOut:
    """Predicts every quiet week of the panel from models that have not seen it nor its neighbours."""
    tables: Tables = {"single": [], "chain": [], "runs": []}
    keys: list[tuple[str, str]] = []
    for fold in range(FOLDS):
        runs = [weeks for number, weeks in hidden_runs(panel.weeks) if number == fold]
        if not runs:
            continue
        hidden = np.zeros(panel.weeks, dtype=bool)
        hidden[np.concatenate(runs)] = True
        models, origin = fit_blocks(panel, hidden)
        keys = list(models)
        for number, model in enumerate(models.values()):
            if model.refusal:
                continue
            _predict_runs(panel, model, origin, runs, hidden, (fold, number), tables)
    return HoldOut(_cells(tables["single"]), _cells(tables["chain"]), _cells(tables["runs"]), keys)


def _predict_runs(
    panel: Panel,
    model: BlockModel,
    origin: float,
    runs: list[np.ndarray],
    hidden: np.ndarray,
    labels: tuple[int, int],
    tables: Tables,
) -> None:
    """Appends the predictions of one block's hidden runs to the three tables."""
    series = model.block.series
    design = design_of(panel, model.block, model.usual_price, origin)
    quiet = panel.quiet[series] & model.modelled[:, None]
    hide = np.broadcast_to(hidden, (len(series), panel.weeks))
    for weeks in runs:
        counted = quiet[:, weeks]
        rows = np.flatnonzero(counted.any(axis=1))
        if not len(rows):
            continue
        counted = counted[rows]
        # Earlier promotions keep their after-effects: they are part of what really sold in these weeks.
        predicted = baseline_of(panel, model, design, design.without_promotion(rows, weeks), rows, weeks, hide)
        actual = np.where(counted, panel.units[np.ix_(series[rows], weeks)], 0.0)
        tables["single"].append(_single_entries(predicted, actual, counted, weeks, labels))
        for t in np.flatnonzero(counted.any(axis=0)):
            only = counted & (np.arange(len(weeks)) == t)
            tables["chain"].append(np.array([[*labels, weeks[t], actual[:, t].sum(), *_parts(total_of(predicted, only))]]))
        tables["runs"].append(np.array([[*labels, weeks[0], actual.sum(), *_parts(total_of(predicted, counted))]]))


def _single_entries(
    predicted: Baseline, actual: np.ndarray, counted: np.ndarray, weeks: np.ndarray, labels: tuple[int, int]
) -> np.ndarray:
    """One entry per counted series and week, in the order of Cells."""
    own = np.expm1(np.einsum("rtt->rt", predicted.own_cov)) * predicted.expected**2
    shared = np.expm1(np.diag(predicted.shared_cov)) * predicted.expected**2
    columns = [np.broadcast_to(weeks, counted.shape), actual, predicted.expected, shared, own, np.ones(counted.shape)]
    entries = np.stack([column[counted] for column in columns], axis=1)
    return np.concatenate([np.broadcast_to(np.array(labels, float), (len(entries), 2)), entries], axis=1)


def _parts(total: Total) -> tuple[float, float, float, int]:
    return total.expected, total.shared_variance, total.own_variance, total.weeks


def _cells(entries: list[np.ndarray]) -> Cells:
    table = np.concatenate(entries) if entries else np.zeros((0, 8))
    fold, block, week, actual, expected, shared, own, weeks = table.T
    return Cells(
        fold=fold.astype(int),
        block=block.astype(int),
        week=week.astype(int),
        actual=actual,
        expected=expected,
        shared_variance=shared,
        own_variance=own,
        weeks=weeks.astype(int),
    )


def smearing_of(cells: Cells, blocks: int) -> np.ndarray:
    """Per block: actual over expected units, shrunk towards all blocks together by 50 cells' worth."""
    overall = cells.actual.sum() / max(cells.expected.sum(), 1e-9) if len(cells.actual) else 1.0
    mean = cells.expected.mean() if len(cells.actual) else 1.0
    actual = np.bincount(cells.block, cells.actual, minlength=blocks) + 50 * overall * mean
    expected = np.bincount(cells.block, cells.expected, minlength=blocks) + 50 * mean
    return np.clip(actual / expected, *_SMEARING_LIMITS)


def standardised(cells: Cells, smearing: np.ndarray) -> np.ndarray:
    """(log actual - log expected) / its standard deviation, per cell."""
    variance = cells.shared_variance + cells.own_variance
    sd = log_sd(cells.expected, variance)
    expected = np.maximum(cells.expected * smearing[cells.block], 1e-9)
    return (np.log(np.maximum(cells.actual, SMALLEST_UNITS)) - np.log(expected)) / np.maximum(sd, 1e-9)


def calibration_of(held: HoldOut, smearing: np.ndarray) -> Calibration:
    """Quantiles of the standardised errors; the normal ones where there are too few."""

    def of(cells: Cells) -> np.ndarray:
        if len(cells.actual) < _FEWEST_FOR_QUANTILES:
            return NORMAL_CALIBRATION.single
        return np.quantile(standardised(cells, smearing), PROBABILITIES)

    return Calibration(of(held.single), of(held.chain), of(held.runs.take(held.runs.weeks > 1)))


def metrics_of(held: HoldOut) -> dict[str, Any]:
    """Errors on weeks never seen; smearing and calibration of each fold come from the other folds only."""
    blocks = len(held.keys)
    result: dict[str, Any] = {"protocol": f"{FOLDS} folds of hidden {BLOCK_WEEKS}-week blocks, quiet weeks, both sides visible"}
    for name in ("single", "chain", "runs"):
        predicted: list[tuple[np.ndarray, np.ndarray]] = []
        actual: list[np.ndarray] = []
        for fold in range(FOLDS):
            single, chain, runs = (part.take(part.fold != fold) for part in (held.single, held.chain, held.runs))
            rest = HoldOut(single, chain, runs, held.keys)
            smearing = smearing_of(rest.single, blocks)
            calibration = calibration_of(rest, smearing)
            cells: Cells = getattr(held, name)
            cells = cells.take(cells.fold == fold)
            factor = smearing[cells.block]
            bands = quantile_table(
                cells.expected * factor,
                cells.shared_variance * factor**2,
                cells.own_variance * factor**2,
                cells.weeks,
                calibration,
            )
            predicted.append((cells.expected * factor, bands))
            actual.append(cells.actual)
        result[name] = _summary(
            np.concatenate(actual), np.concatenate([p[0] for p in predicted]), np.concatenate([p[1] for p in predicted])
        )
    return result


def _summary(actual: np.ndarray, expected: np.ndarray, bands: np.ndarray) -> dict[str, Any]:
    """Number of cells, WMAPE, bias and coverage (shares, not percent); None where there is nothing to measure."""
    if not len(actual) or actual.sum() <= 0:
        return {"cells": len(actual), "wmape": None, "bias": None}

    def covered(low: int, high: int) -> float:
        return round(float(((actual >= bands[:, low]) & (actual <= bands[:, high])).mean()), 4)

    return {
        "cells": len(actual),
        "wmape": round(float(np.abs(actual - expected).sum() / actual.sum()), 4),
        "bias": round(float((expected - actual).sum() / actual.sum()), 4),
        "coverage50": covered(2, 3),
        "coverage80": covered(1, 4),
        "coverage95": covered(0, 5),
    }
