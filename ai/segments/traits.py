"""What sets customers (or products) apart, from their sales and the fitted model: one row a member, one column a trait.

Every trait of a series is first taken against the series' other side: a store's against the same products elsewhere, a
product's against the same stores. A store that lists large brands only is therefore not called large for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ai.data.panel import Panel
from ai.data.weeks import WEEKS_A_YEAR
from ai.features.design import design_of
from ai.models.loglinear import BlockModel, LogLinearModel, log_units, residuals
from ai.models.simulate import Draft, own_traits

Of = Literal["customers", "products"]
FEWEST_WEEKS = 26  # with sales, of a member
YEAR = 52  # weeks that season and trend need to be told apart
USUAL_CUT = 0.2  # whose uplift is compared between members
TRAITS = ("level", "promoted", "depth", "response", "season", "trend")
_FEWEST_OF_A_KIND = 3  # promoted (and quiet) weeks of a series whose own response is looked at


@dataclass(frozen=True)
class Traits:
    """values: (members, TRAITS), NaN where unknown; weeks: with sales; left_out: members with the reason.

    level: log units a week without promotion; promoted: share of the weeks; depth: share off the regular price while promoted;
    response: log lift of a deal of USUAL_CUT; season: half of the yearly swing in logs; trend: log units a year. The last
    three are estimates: as far as members differ no more than chance does, they are drawn to each other. scale: (TRAITS,)
    standard deviations between members before that.
    """

    ids: list[str]
    values: np.ndarray
    scale: np.ndarray
    weeks: np.ndarray
    left_out: list[tuple[str, str]]


@dataclass(frozen=True)
class _Series:
    """Of every series of the panel: traits (series, 4), what its promoted weeks sold beyond the model's lift with the variance
    of that, and log units without its promotions around their mean (series, weeks)."""

    traits: np.ndarray
    beyond: np.ndarray
    noise: np.ndarray
    cleaned: np.ndarray


def traits_of(panel: Panel, model: LogLinearModel, series: np.ndarray, of: Of) -> Traits:
    """Traits of the customers, or of the products, of the series (numbers)."""
    found = _of_series(panel, model)
    side, other = (0, 1) if of == "customers" else (1, 0)
    members, group = np.unique([panel.series[number][side] for number in series], return_inverse=True)
    _others, other_group = np.unique([panel.series[number][other] for number in series], return_inverse=True)
    weeks = np.array([panel.known[series[group == member]].any(axis=0).sum() for member in range(len(members))])
    modelled = np.isfinite(found.traits[series, 0])
    enough = (weeks >= FEWEST_WEEKS) & (np.bincount(group, modelled, len(members)) > 0)
    level = _apart(found.traits[series], group, other_group, len(members))[enough]
    raw, drawn = _estimates(found, series, group, len(members), panel.first_week, enough)
    raw[:, 0] += level[:, 3]
    drawn[:, 0] += level[:, 3]
    values = np.column_stack([level[:, :3], drawn])
    left_out = [(str(key), _why(int(count))) for key, count, kept in zip(members, weeks, enough, strict=True) if not kept]
    scale = _deviation(np.column_stack([level[:, :3], raw]))
    return Traits([str(key) for key in members[enough]], values, scale, weeks[enough], left_out)


def _why(weeks: int) -> str:
    if weeks < FEWEST_WEEKS:
        return f"{weeks} weeks with sales; {FEWEST_WEEKS} are needed"
    return "the model could not be fitted on its sales"


def _of_series(panel: Panel, model: LogLinearModel) -> _Series:
    count = len(panel.series)
    traits, beyond, noise = np.full((count, 4), np.nan), np.full(count, np.nan), np.full(count, np.nan)
    cleaned = np.full(panel.units.shape, np.nan)
    for block in model.blocks.values():
        if block.refusal:
            continue
        numbers = block.block.series
        design = design_of(panel, block.block, block.usual_price, model.origin)
        promotion = design.own | design.after
        quiet = log_units(panel, block.block) - design.values[..., promotion] @ block.fit.coefficients[promotion]
        quiet = np.where(block.modelled[:, None], quiet, np.nan)
        level = _mean(quiet)
        cleaned[numbers] = quiet - level[:, None]
        traits[numbers, 0] = level
        traits[numbers, 1:3] = _promotions(panel, numbers)
        traits[numbers, 3] = _usual_lift(panel, block)
        beyond[numbers], noise[numbers] = _beyond(panel, numbers, residuals(panel, block, design))
    return _Series(traits, beyond, noise, cleaned)


def _promotions(panel: Panel, numbers: np.ndarray) -> np.ndarray:
    """(series, 2) share of the weeks promoted, and mean share off the regular price in those weeks (NaN without any)."""
    known, promoted = panel.known[numbers], panel.promoted[numbers] & panel.known[numbers]
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = np.clip(1 - panel.price[numbers] / panel.price_regular[numbers], 0.0, 1.0)
    share = promoted.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.column_stack([share, _mean(np.where(promoted, cut, np.nan))])


def _usual_lift(panel: Panel, block: BlockModel) -> float:
    """Log lift of a deal of USUAL_CUT by the model, which shrinks it towards its category; flagged as usual for the product."""
    promoted = panel.promoted[block.block.series] & panel.known[block.block.series]
    deal = float(panel.deal[block.block.series][promoted].mean()) if promoted.any() else 0.0
    draft = Draft(cut=USUAL_CUT, deal=deal)
    return float((own_traits(block, np.array([-np.log1p(-USUAL_CUT)]), draft) @ block.fit.coefficients)[0])


def _beyond(panel: Panel, numbers: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(series,) mean residual of promoted weeks less that of quiet ones, around the block's mean, and its variance; NaN where
    either are too few."""
    promoted = panel.promoted[numbers] & np.isfinite(left)
    quiet = ~panel.promoted[numbers] & np.isfinite(left)
    away, noise = np.zeros(len(left)), np.zeros(len(left))
    for weeks, sign in ((promoted, 1.0), (quiet, -1.0)):
        chosen, count = np.where(weeks, left, np.nan), weeks.sum(axis=1)
        mean = _mean(chosen)
        away += sign * mean
        noise += (_mean(chosen**2) - mean**2) / np.maximum(count - 1, 1)
    told = np.minimum(promoted.sum(axis=1), quiet.sum(axis=1)) >= _FEWEST_OF_A_KIND
    if not told.any():
        return np.full(len(left), np.nan), np.full(len(left), np.nan)
    return np.where(told, away - away[told].mean(), np.nan), np.where(told, noise, np.nan)


def _estimates(
    found: _Series, series: np.ndarray, group: np.ndarray, groups: int, first_week: int, enough: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(members, 3) what is beyond the usual response, season and trend: as estimated, and drawn to the other members."""
    columns = np.column_stack([found.beyond[series], found.noise[series]])
    beyond, noise = _by_group(columns, group, groups)[enough].T
    told = np.bincount(group, np.isfinite(found.beyond[series]), groups)[enough]
    noise = noise / np.maximum(told, 1)
    own, variance, shared = _rhythm(_by_group(found.cleaned[series], group, groups)[enough], first_week)
    calm = np.column_stack([drawn_together(own[:, n], variance[:, n]) for n in range(3)])

    def rhythm(values: np.ndarray) -> np.ndarray:
        whole = values + shared
        return np.column_stack([np.hypot(whole[:, 0], whole[:, 1]), whole[:, 2]])

    raw = np.column_stack([np.nan_to_num(beyond), rhythm(own)])
    return raw, np.column_stack([np.nan_to_num(drawn_together(beyond, noise)), rhythm(calm)])


def drawn_together(values: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Estimates with these variances, each drawn to their mean as far as they differ by chance only; NaN stays.

    Empirical Bayes with the variance between members by the method of moments (DerSimonian and Laird 1986).
    """
    known = np.isfinite(values) & np.isfinite(noise)
    if known.sum() < _FEWEST_OF_A_KIND:
        return values
    mean = values[known].mean()
    between = max(float(values[known].var(ddof=1) - noise[known].mean()), 0.0)
    return np.where(known, mean + (values - mean) * between / np.maximum(between + noise, 1e-12), np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of the known values of each row; NaN where none is known."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    return np.divide(np.where(known, values, 0.0).sum(axis=1), count, out=np.full(len(values), np.nan), where=count > 0)


def _by_group(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """(groups, columns) mean of the known values of each group's rows; NaN where none is known."""
    known = np.isfinite(values)
    total, count = np.zeros((groups, values.shape[1])), np.zeros((groups, values.shape[1]))
    np.add.at(total, group, np.where(known, values, 0.0))
    np.add.at(count, group, known)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _apart(values: np.ndarray, group: np.ndarray, other: np.ndarray, groups: int) -> np.ndarray:
    """(groups, columns) each member's mean, its series taken against the mean of their other side."""
    against = _by_group(values, other, int(other.max()) + 1)[other] if len(other) else values
    whole = _by_group(values, np.zeros(len(values), dtype=int), 1)[0]
    return _by_group(values - against, group, groups) + whole


def _rhythm(weekly: np.ndarray, first_week: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sine, cosine and trend of each member's weeks beside those of all, their variances (members, 3 each), and those of all
    (3,); NaN under a YEAR. What strikes all in a week is no difference between them."""
    number = first_week + np.arange(weekly.shape[1])
    angle = 2 * np.pi * number / WEEKS_A_YEAR
    columns = np.column_stack([np.ones(len(number)), np.sin(angle), np.cos(angle), (number - number.mean()) / WEEKS_A_YEAR])
    everyone = _by_group(weekly, np.zeros(len(weekly), dtype=int), 1)[0]
    shared, _variance = _fitted(columns, everyone)
    own = [_fitted(columns, values - everyone) for values in weekly]
    if not own:
        return np.zeros((0, 3)), np.zeros((0, 3)), shared
    return np.stack([mean for mean, _v in own]), np.stack([variance for _m, variance in own]), shared


def _fitted(columns: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3,) coefficients after the first by least squares, and variances that allow for weeks that resemble their neighbours."""
    known = np.isfinite(values)
    if known.sum() < YEAR:
        return np.full(3, np.nan), np.full(3, np.nan)
    x, y = columns[known], values[known]
    mean = np.linalg.lstsq(x, y, rcond=None)[0]
    left = y - x @ mean
    square = float(left @ left)
    alike = float(np.clip(left[1:] @ left[:-1] / square, 0.0, 0.9)) if square > 0 else 0.0
    spread = square / (len(y) - x.shape[1]) * (1 + alike) / (1 - alike)
    return mean[1:], spread * np.diag(np.linalg.pinv(x.T @ x))[1:]


def _deviation(values: np.ndarray) -> np.ndarray:
    """(columns,) standard deviation of the known values; 0 where fewer than two are known."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    return np.asarray(np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count))
