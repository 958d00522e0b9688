"""How units answer the price: the fitted curve of one product at chosen stores, and the weeks that stand behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.data.plan import usual_prices
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.simulate import Draft, own_traits

STEPS = 25
SHALLOWEST_RANGE, DEEPEST_RANGE = 0.3, 0.6  # of cuts that a curve shows
_SUPPORTS = {"none": (0.0, 0.0), "deal": (1.0, 0.0), "feature": (1.0, 1.0)}  # deal, feature
_SEEN = 0.2  # a support is drawn when at least this share of the stores had it in some week


@dataclass(frozen=True)
class Curve:
    """Units a store and week over price; sd of their logarithm. support: none, deal, or feature (deal and advertisement)."""

    support: str
    cuts: np.ndarray
    price: np.ndarray
    units: np.ndarray
    sd: np.ndarray


@dataclass(frozen=True)
class WeekSeen:
    """One week as it was, over the chosen stores that sold: units a store, prices weighted by units, shares of stores."""

    week: int
    stores: int
    units: float
    price: float
    price_regular: float
    deal: float
    feature: float
    promoted: bool


@dataclass(frozen=True)
class Response:
    price_regular: float
    base: float
    stores: int
    deepest_seen: float
    curves: list[Curve]
    weeks: list[WeekSeen]
    blocks: list[BlockModel]
    refusal: str = ""


def response(panel: Panel, model: LogLinearModel, product_id: str, customers: frozenset[str]) -> Response:
    """Curves through the mean of the quiet weeks; empty with a `refusal` where nothing is modelled at these customers."""
    usual = usual_prices(panel)
    parts: list[tuple[BlockModel, np.ndarray]] = []
    refusal = "it has no modelled sales at these customers"
    for block in model.of_product(product_id):
        series = block.block.series
        there = np.array([panel.series[number][0] in customers for number in series], dtype=bool)
        rows = np.flatnonzero(there & block.modelled & (usual[series] > 0))
        if block.refusal and there.any():
            refusal = block.refusal
        elif len(rows):
            parts.append((block, rows))
    if not parts:
        return Response(float("nan"), float("nan"), 0, 0.0, [], [], [], refusal)
    series = np.concatenate([block.block.series[rows] for block, rows in parts])
    weeks = _weeks(panel, series)
    cut = 1 - panel.price[series] / panel.price_regular[series]
    cuts_seen = cut[np.isfinite(cut) & panel.promoted[series] & panel.known[series]]
    deepest = float(np.clip(np.quantile(cuts_seen, 0.95), 0.0, 0.95)) if len(cuts_seen) else 0.0
    grid = np.linspace(0.0, float(np.clip(deepest * 1.15, SHALLOWEST_RANGE, DEEPEST_RANGE)), STEPS)
    bases = [_base(panel, block.block.series[rows]) for block, rows in parts]
    total = sum(bases)
    price = sum(base * float(usual[block.block.series[rows]].mean()) for base, (block, rows) in zip(bases, parts, strict=True))
    regular = price / total if total > 0 else float(usual[series].mean())
    curves = [
        _curve(support, parts, bases, len(series), grid, regular)
        for support, (deal, feature) in _SUPPORTS.items()
        if all(
            not wanted or any(getattr(week, name) >= _SEEN for week in weeks)
            for name, wanted in (("deal", deal), ("feature", feature))
        )
    ]
    return Response(regular, total / len(series), len(series), deepest, curves, weeks, [block for block, _rows in parts])


def _base(panel: Panel, series: np.ndarray) -> float:
    """Units a week without promotion, summed over the series: each one's mean over its quiet weeks."""
    quiet = np.where(panel.quiet[series], np.nan_to_num(panel.units[series]), 0.0)
    count = panel.quiet[series].sum(axis=1)
    return float((quiet.sum(axis=1)[count > 0] / count[count > 0]).sum())


def _curve(
    support: str, parts: list[tuple[BlockModel, np.ndarray]], bases: list[float], stores: int, grid: np.ndarray, regular: float
) -> Curve:
    deal, feature = _SUPPORTS[support]
    draft = Draft(deal=deal, feature=feature)
    depth = -np.log1p(-grid)
    units, spread = np.zeros(len(grid)), np.zeros(len(grid))
    for base, (block, _rows) in zip(bases, parts, strict=True):
        traits = own_traits(block, depth, draft)
        lifted = base * np.exp(np.clip(traits @ block.fit.coefficients, -5.0, 5.0))
        variance = np.maximum(np.einsum("wk,kl,wl->w", traits, block.fit.covariance, traits), 0.0)
        units += lifted
        spread += lifted**2 * variance
    sd = np.divide(np.sqrt(spread), units, out=np.zeros(len(grid)), where=units > 0)
    return Curve(support, grid, regular * (1 - grid), units / stores, sd)


def _weeks(panel: Panel, series: np.ndarray) -> list[WeekSeen]:
    known = panel.known[series] & np.isfinite(panel.price[series])
    units = np.where(known, np.maximum(np.nan_to_num(panel.units[series]), 0.0), 0.0)
    seen = []
    for week in np.flatnonzero(known.any(axis=0)):
        here = known[:, week]
        rows = series[here]
        weight = units[here, week] + 1e-9
        regular = panel.price_regular[rows, week]
        told = np.isfinite(regular)
        seen.append(
            WeekSeen(
                week=panel.first_week + int(week),
                stores=int(here.sum()),
                units=float(units[here, week].mean()),
                price=float(np.average(panel.price[rows, week], weights=weight)),
                price_regular=float(np.average(regular[told], weights=weight[told])) if told.any() else float("nan"),
                deal=float(panel.deal[rows, week].mean()),
                feature=float(panel.feature[rows, week].mean()),
                promoted=bool(panel.promoted[rows, week].mean() >= 0.5),
            )
        )
    return seen
