"""A promotion taken apart: what sold, what would have sold, and what the weeks after lost."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from ai.data.means import known_mean
from ai.data.panel import Panel
from ai.data.weeks import covered_weeks
from ai.features.design import Design, design_of, traces_of
from ai.features.lags import LONGEST_LAG
from ai.models.baseline import Baseline, baseline_of
from ai.models.loglinear import BlockModel, LogLinearModel
from ai.models.sisters import SisterEffect, sister_effects
from ai.models.totals import NOTHING, Total, strayed, total_of

# Quiet weeks near the promotion that each of its stores needs on average for a baseline.
FEWEST_QUIET_WEEKS_NEAR = 4
NEAR_WEEKS = 26
KEPT_BYTES = 100 * 1024 * 1024  # of designs


@dataclass(frozen=True)
class Promotion:
    """What is asked: which stores and products, when (days inclusive), and how many weeks to show around."""

    id: str
    customer_ids: tuple[str, ...]
    product_ids: tuple[str, ...]
    start: date
    end: date
    pre_weeks: int = 6
    post_weeks: int = 6


class Refused(Exception):
    """No sound answer is possible; the message says why and what would change that."""


@dataclass(frozen=True)
class Dip:
    """Units the promotion took from (negative) or added to the weeks after, with the standard deviation."""

    mean: float = 0.0
    variance: float = 0.0

    def __add__(self, other: Dip) -> Dip:
        return Dip(self.mean + other.mean, self.variance + other.variance)


@dataclass
class WeekSums:
    """One week of a promotion over its stores and products; price sums are weighted with units."""

    week: int
    role: str
    actual: float = 0.0
    baseline: Total = NOTHING
    dip: float = 0.0
    priced_units: float = 0.0
    paid: float = 0.0
    regular: float = 0.0
    cells: int = 0
    deal: float = 0.0
    feature: float = 0.0
    cannibalised: float = 0.0
    halo: float = 0.0

    def add(self, part: WeekSums) -> None:
        self.baseline = self.baseline + part.baseline
        for name in ("actual", "dip", "priced_units", "paid", "regular", "cells", "deal", "feature"):
            setattr(self, name, getattr(self, name) + getattr(part, name))


@dataclass(frozen=True)
class ProductUplift:
    """One product at one retailer within the promotion; money per unit is a float mean of the sales' prices."""

    product_id: str
    actual: float
    baseline: Total
    dip: Dip
    price_paid: float
    price_regular: float
    cost_promoted: float
    cost_regular: float


@dataclass
class Uplift:
    products: list[ProductUplift]
    weeks: list[WeekSums]
    warnings: list[str] = field(default_factory=list)
    sisters: list[SisterEffect] = field(default_factory=list)
    p_value: float | None = None  # share of placebos of like length that stray as far; None where there are too few

    @property
    def actual(self) -> float:
        return sum(product.actual for product in self.products)

    @property
    def baseline(self) -> Total:
        return sum((product.baseline for product in self.products), NOTHING)

    @property
    def dip(self) -> Dip:
        return sum((product.dip for product in self.products), Dip())


class UpliftModel:
    """Answers for one panel and one fitted model; the designs asked for last are kept."""

    def __init__(self, panel: Panel, model: LogLinearModel) -> None:
        self.panel, self.model = panel, model
        self._designs: OrderedDict[tuple[str, str], Design] = OrderedDict()
        self._guard = threading.Lock()

    def design(self, block_model: BlockModel) -> Design:
        """What explains the block's sales, as it happened."""
        key = block_model.block.key
        with self._guard:
            design = self._designs.pop(key, None)
            if design is None:
                design = design_of(self.panel, block_model.block, block_model.usual_price, self.model.origin)
            self._designs[key] = design
            while len(self._designs) > 1 and sum(kept.values.nbytes for kept in self._designs.values()) > KEPT_BYTES:
                self._designs.popitem(last=False)
            return design

    def uplift(self, promotion: Promotion) -> Uplift:
        """Takes `promotion` apart; raises Refused."""
        first, last = self._window(promotion)
        customers = set(self.panel.stores_under(promotion.customer_ids)) | set(promotion.customer_ids)
        result = self._taken_apart(promotion, customers, first, last)
        answered_ids = {product.product_id for product in result.products}
        promotion_weeks = np.arange(first, last + 1)
        result.sisters = sister_effects(self.panel, self.model, answered_ids, customers, promotion_weeks)
        self._add_sisters(result)
        self._warn_about_edges(result, promotion, last)
        strays = strayed(result.actual, result.baseline)
        result.p_value = self.model.placebos.p_value(strays, last - first + 1)
        return result

    def placebo(self, window: Promotion) -> Uplift:
        """The window's own weeks only, without other products: what a placebo needs; raises Refused."""
        bare = replace(window, pre_weeks=0, post_weeks=0)
        return self._taken_apart(bare, set(window.customer_ids), *self._window(window))

    def _taken_apart(self, promotion: Promotion, customers: set[str], first: int, last: int) -> Uplift:

        weeks = self._roles(promotion, first, last)
        result = Uplift([], [WeekSums(self.panel.first_week + w, role) for w, role in weeks])
        refusals: list[str] = []
        for product_id in promotion.product_ids:
            blocks = [b for key, b in self.model.blocks.items() if key[0] == product_id]
            answered = False
            for block_model in blocks:
                rows = self._rows(block_model, customers)
                if not len(rows):
                    continue
                try:
                    self._add_block(result, block_model, rows, first, last)
                    answered = True
                except Refused as refusal:
                    refusals.append(str(refusal))
                    answered = True
            if not answered:
                refusals.append(f"{self._name(product_id)} has no modelled sales at these customers")
        if not result.products:
            raise Refused("; ".join(dict.fromkeys(refusals)) or "nothing to analyse")
        result.warnings += [f"left out: {text}" for text in dict.fromkeys(refusals)]
        return result

    def _add_sisters(self, result: Uplift) -> None:
        """Units of the other products in the promotion's weeks; each product counts on the side of its sum, as in the totals."""
        promoted = [week for week in result.weeks if week.role == "promotion"]
        for sister in result.sisters:
            for week, units in zip(promoted, sister.weekly, strict=True):
                if sister.units < 0:
                    week.cannibalised += units
                else:
                    week.halo += units

    def _name(self, product_id: str) -> str:
        product = self.panel.products.get(product_id)
        return product.name if product else product_id

    def _window(self, promotion: Promotion) -> tuple[int, int]:
        """First and last week column of the promotion, cut to the data."""
        start, end = covered_weeks(promotion.start, promotion.end)
        first, last = start - self.panel.first_week, end - self.panel.first_week
        if first >= self.panel.weeks or last < 0:
            raise Refused("there are no sales in the promotion's weeks; import them first")
        return max(first, 0), min(last, self.panel.weeks - 1)

    def _roles(self, promotion: Promotion, first: int, last: int) -> list[tuple[int, str]]:
        before = range(max(0, first - promotion.pre_weeks), first)
        after = range(last + 1, min(self.panel.weeks, last + 1 + promotion.post_weeks))
        return [(w, "pre") for w in before] + [(w, "promotion") for w in range(first, last + 1)] + [(w, "post") for w in after]

    def _rows(self, block_model: BlockModel, customers: set[str]) -> np.ndarray:
        wanted = [self.panel.series[number][0] in customers for number in block_model.block.series]
        return np.flatnonzero(np.array(wanted) & block_model.modelled)

    def _add_block(self, result: Uplift, block_model: BlockModel, rows: np.ndarray, first: int, last: int) -> None:
        """Adds one product at one retailer; raises Refused when it cannot be answered."""
        panel, series, name = self.panel, block_model.block.series, self._name(block_model.block.product_id)
        if block_model.refusal:
            raise Refused(f"{name}: {block_model.refusal}")
        window = np.zeros(panel.weeks, dtype=bool)
        window[first : last + 1] = True
        rows = rows[panel.known[np.ix_(series[rows], np.flatnonzero(window))].any(axis=1)]
        if not len(rows):
            raise Refused(f"{name} has no sales at these customers in the promotion's weeks")
        near = slice(max(0, first - NEAR_WEEKS), last + 1 + NEAR_WEEKS)
        quiet_near = (panel.quiet[series[rows]] & ~window)[:, near].sum(axis=1).mean()
        if quiet_near < FEWEST_QUIET_WEEKS_NEAR:
            raise Refused(
                f"{name} was promoted in nearly every week around ({quiet_near:.0f} weeks without promotion within "
                f"{NEAR_WEEKS} weeks, {FEWEST_QUIET_WEEKS_NEAR} are needed), so no baseline can be identified"
            )
        hidden = np.zeros((len(series), panel.weeks), dtype=bool)
        hidden[np.ix_(rows, np.flatnonzero(window))] = True
        design = self.design(block_model)
        targets = np.array([week.week - panel.first_week for week in result.weeks])
        traces = traces_of(panel, block_model.block, ~hidden)
        counterfactual = design.without_promotion(rows, targets, traces)
        baseline = baseline_of(panel, block_model, design, counterfactual, rows, targets, hidden)
        known = panel.known[np.ix_(series[rows], targets)]
        promoted = np.array([week.role == "promotion" for week in result.weeks])
        after = np.array([week.role == "post" for week in result.weeks])
        effect = (design.values[np.ix_(rows, targets)] - counterfactual)[..., design.after]
        dip, dip_by_week = self._dip(block_model, design, baseline, effect, known & after)
        result.products.append(
            self._product(block_model, series[rows], targets[promoted], known[:, promoted], baseline, promoted, dip)
        )
        self._add_weeks(result.weeks, series[rows], targets, known, baseline, dip_by_week)

    def _dip(
        self, block_model: BlockModel, design: Design, baseline: Baseline, effect: np.ndarray, counted: np.ndarray
    ) -> tuple[Dip, np.ndarray]:
        """After-effect of the window's promotion in the weeks after, from the coefficients of the lags.

        effect: (rows, weeks, lag columns), what the promotion added to the lags.
        """
        coefficients = block_model.fit.coefficients[design.after]
        covariance = block_model.fit.covariance[np.ix_(design.after, design.after)]
        base = np.where(counted, baseline.expected, 0.0)
        change = base * np.expm1(effect @ coefficients)
        gradient = np.einsum("rw,rwk->k", base * np.exp(effect @ coefficients), effect)
        return Dip(float(change.sum()), float(gradient @ covariance @ gradient)), change.sum(axis=0)

    def _product(
        self,
        block_model: BlockModel,
        series: np.ndarray,
        weeks: np.ndarray,
        known: np.ndarray,
        baseline: Baseline,
        promoted: np.ndarray,
        dip: Dip,
    ) -> ProductUplift:
        """Sums of the promotion's weeks and the mean prices, weighted with units sold."""
        panel, cells = self.panel, np.ix_(series, weeks)
        columns = np.flatnonzero(promoted)
        part = Baseline(
            baseline.expected[:, columns],
            baseline.shared_cov[np.ix_(columns, columns)],
            baseline.own_cov[:, columns][:, :, columns],
        )
        units = np.where(known, np.maximum(np.nan_to_num(panel.units[cells]), 0.0), 0.0)
        return ProductUplift(
            product_id=block_model.block.product_id,
            actual=float(np.nansum(np.where(known, panel.units[cells], 0.0))),
            baseline=total_of(part, known),
            dip=dip,
            price_paid=known_mean(panel.price[cells], units),
            price_regular=known_mean(panel.price_regular[cells], units),
            cost_promoted=known_mean(panel.cost[cells], units),
            cost_regular=known_mean(panel.cost_regular[cells], units),
        )

    def _add_weeks(
        self,
        weeks: list[WeekSums],
        series: np.ndarray,
        targets: np.ndarray,
        known: np.ndarray,
        baseline: Baseline,
        dip_by_week: np.ndarray,
    ) -> None:
        panel, cells = self.panel, np.ix_(series, targets)
        units = np.where(known, np.nan_to_num(panel.units[cells]), 0.0)
        price, regular = panel.price[cells], panel.price_regular[cells]
        priced = known & np.isfinite(price) & np.isfinite(regular)
        weight = np.where(priced, np.maximum(units, 1e-6), 0.0)
        for column, week in enumerate(weeks):
            only = known & (np.arange(len(weeks)) == column)
            here = known[:, column]
            week.add(
                WeekSums(
                    week.week,
                    week.role,
                    actual=float(units[:, column].sum()),
                    baseline=total_of(baseline, only),
                    dip=float(dip_by_week[column]),
                    priced_units=float(weight[:, column].sum()),
                    paid=float((weight * np.nan_to_num(price))[:, column].sum()),
                    regular=float((weight * np.nan_to_num(regular))[:, column].sum()),
                    cells=int(here.sum()),
                    deal=float(panel.deal[cells][here, column].sum()),
                    feature=float(panel.feature[cells][here, column].sum()),
                )
            )

    def _warn_about_edges(self, result: Uplift, promotion: Promotion, last: int) -> None:
        panel = self.panel
        start, end = covered_weeks(promotion.start, promotion.end)
        if end > panel.last_week or start < panel.first_week:
            result.warnings.append("sales do not cover all weeks of the promotion; only the covered ones are counted")
        missing = min(LONGEST_LAG, promotion.post_weeks) - (panel.weeks - 1 - last)
        if promotion.post_weeks and missing > 0:
            result.warnings.append(f"the last {missing} weeks after the promotion have no sales yet")
        if panel.last_week - self.model.last_week > 8:
            result.warnings.append("the model has not seen the latest sales; train it again")
        again = sum(week.cells > 0 and week.deal / week.cells > 0.5 for week in result.weeks if week.role == "post")
        if again:
            result.warnings.append(f"the product was on deal again in {again} of the weeks after")
