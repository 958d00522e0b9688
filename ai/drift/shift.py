"""How far the newest weeks' prices, promotions and units lie from the training window's: population stability index (PSI).

PSI = sum over bins of (p - q) ln(p / q), p the newest weeks' shares and q the others'. By habit of credit scoring 0.10 is a
move and 0.25 a shift (Siddiqi 2006). A few weeks with one chain-wide promotion pass that by themselves, so a feature counts
as shifted only when its PSI is also beyond what the same number of weeks has usually shown in this history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ai.data.panel import Panel

State = Literal["stable", "moved", "shifted", "unknown"]
NEWEST_WEEKS = 8
MOVED, SHIFTED = 0.10, 0.25
USUAL_SHARE = 0.95  # of past windows of the same length that a shift must exceed
FEWEST_CELLS = 30
_BINS = 10
_FEWEST_WINDOWS = 6
_SMALLEST_SHARE = 1e-3


@dataclass(frozen=True)
class Shift:
    """One feature: its PSI, what windows of the past reached in 95 of 100 cases, and its mean then and now."""

    feature: str
    state: State
    psi: float | None
    usual: float | None
    mean_before: float | None
    mean_now: float | None
    cells: int


def features_of(panel: Panel) -> dict[str, np.ndarray]:
    """(series, weeks) each, NaN where nothing was sold: what a week looks like to the models."""
    sold = np.isfinite(panel.units)
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(panel.price > 0, np.log(panel.price), np.nan)
        units = np.log(np.maximum(panel.units, 0.5))
        cut = 1 - panel.price / panel.price_regular
    found = {
        "price": price - _middle(price),  # each series against its own median: dear and cheap products share one scale
        "price_cut": np.clip(cut, -1.0, 1.0),
        "deal": panel.deal,
        "feature": panel.feature,
        "display": panel.display,
        "units": units - _middle(units),
    }
    return {name: np.where(sold, values, np.nan) for name, values in found.items()}


def shifts_of(panel: Panel, newest: np.ndarray, before: np.ndarray) -> list[Shift]:
    """Every feature of the week columns `newest` against those of `before`."""
    return [_shift(name, values, newest, before) for name, values in features_of(panel).items()]


def _shift(name: str, values: np.ndarray, newest: np.ndarray, before: np.ndarray) -> Shift:
    now, then = values[:, newest], values[:, before]
    cells, others = int(np.isfinite(now).sum()), int(np.isfinite(then).sum())
    if min(cells, others) < FEWEST_CELLS:
        return Shift(name, "unknown", None, None, None, None, cells)
    counts = _counts(values, _edges(then[np.isfinite(then)]))
    found = _psi(counts[newest].sum(axis=0), counts[before].sum(axis=0))
    usual = _usual(counts[before], len(newest))
    return Shift(name, _state(found, usual), found, usual, float(np.nanmean(then)), float(np.nanmean(now)), cells)


def _state(psi: float, usual: float | None) -> State:
    if psi >= max(SHIFTED, usual or 0.0):
        return "shifted"
    return "moved" if psi >= max(MOVED, usual or 0.0) else "stable"


def _usual(counts: np.ndarray, length: int) -> float | None:
    """PSI that windows of `length` weeks of the past reached against the rest of the past; None with too few windows."""
    starts = range(0, len(counts) - length + 1, max(length // 2, 1))
    whole = counts.sum(axis=0)
    found = [
        _psi(window, whole - window)
        for start in starts
        if (window := counts[start : start + length].sum(axis=0)).sum() >= FEWEST_CELLS and (whole - window).sum() >= FEWEST_CELLS
    ]
    return float(np.quantile(found, USUAL_SHARE)) if len(found) >= _FEWEST_WINDOWS else None


def _psi(now: np.ndarray, then: np.ndarray) -> float:
    """Of two rows of counts; a bin that is empty counts as one in a thousand."""
    p, q = (np.maximum(part / max(part.sum(), 1), _SMALLEST_SHARE) for part in (now, then))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(weeks, bins) how many series of each week lie in each bin."""
    place = np.searchsorted(edges, values, side="right")
    place[~np.isfinite(values)] = -1
    return np.stack([(place == number).sum(axis=0) for number in range(len(edges) + 1)], axis=1).astype(float)


def _edges(known: np.ndarray) -> np.ndarray:
    """Tenths of the known values; flags that are mostly zero get one bin for zero and one for the rest."""
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    if len(edges) <= 2:
        middle = float(np.median(known))
        return np.array([np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf)])
    return edges


def _middle(values: np.ndarray) -> np.ndarray:
    """(series, 1) median of the known values; zero where there is none."""
    known = np.isfinite(values).any(axis=1)
    middle = np.zeros((len(values), 1))
    if known.any():
        middle[known, 0] = np.nanmedian(values[known], axis=1)
    return middle
