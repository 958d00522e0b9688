"""Turns what the models found into responses: rounding, bands of differences, both sides' returns."""

from __future__ import annotations

import functools
import math
from decimal import Decimal

from ai import economics
from ai.data.panel import Panel
from ai.data.weeks import monday_of
from ai.economics import Costs, Missing, OtherProduct, ProductOutcome, Return, UnitBand
from ai.models.loglinear import LogLinearModel
from ai.models.sisters import SisterEffect
from ai.models.totals import Total, quantiles
from ai.models.uplift import Dip, ProductUplift, Uplift, WeekSums
from ai.schemas import Band, BaselineWeek, MissingFigure, PromotionWeek, Side, UpliftResult

_Z80, _Z95 = 1.28155, 1.95996
_UNIT = Decimal("0.01")
_PRICE = Decimal("0.0001")


def _rounded(value: float) -> float:
    return round(float(value), 2)


def _band(mean: float, ends: tuple[float, float, float, float]) -> Band:
    lo80, hi80, lo95, hi95 = ends
    return Band(mean=_rounded(mean), lo80=_rounded(lo80), hi80=_rounded(hi80), lo95=_rounded(lo95), hi95=_rounded(hi95))


def incremental_band(actual: float, baseline: Total, model: LogLinearModel) -> Band:
    """Actual minus baseline: what sold is known, so the uncertainty is the baseline's, turned round."""
    q95lo, q80lo, _, _, q80hi, q95hi = quantiles(baseline, model.calibration)
    return _band(actual - baseline.expected, (actual - q80hi, actual - q80lo, actual - q95hi, actual - q95lo))


def dip_band(dip: Dip) -> Band:
    """Normal band of the after-effect, from the uncertainty of its coefficients."""
    sd = math.sqrt(max(dip.variance, 0.0))
    return _band(dip.mean, (dip.mean - _Z80 * sd, dip.mean + _Z80 * sd, dip.mean - _Z95 * sd, dip.mean + _Z95 * sd))


def summed_band(one: Band, other: Band) -> Band:
    """Band of the sum of two independent quantities: half-widths in quadrature, each side for itself."""

    def end(name: str) -> float:
        mean = one.mean + other.mean
        half = math.hypot(getattr(one, name) - one.mean, getattr(other, name) - other.mean)
        return mean - half if name.startswith("lo") else mean + half

    return _band(one.mean + other.mean, (end("lo80"), end("hi80"), end("lo95"), end("hi95")))


def sister_bands(sisters: list[SisterEffect]) -> tuple[Band, Band]:
    """Units taken from other products, and units drawn to them; each product counts on one side."""

    def side_of(chosen: list[SisterEffect]) -> Band:
        return dip_band(Dip(sum(one.units for one in chosen), sum(one.variance for one in chosen)))

    return side_of([one for one in sisters if one.units < 0]), side_of([one for one in sisters if one.units >= 0])


def baseline_week(week: int, actual: float, total: Total, model: LogLinearModel) -> BaselineWeek:
    q95lo, q80lo, q50lo, q50hi, q80hi, q95hi = (_rounded(q) for q in quantiles(total, model.calibration))
    return BaselineWeek(
        week=monday_of(week),
        actual=None if math.isnan(actual) else _rounded(actual),
        baseline=_rounded(total.expected),
        lo50=q50lo, hi50=q50hi, lo80=q80lo, hi80=q80hi, lo95=q95lo, hi95=q95hi,
    )  # fmt: skip


def promotion_week(sums: WeekSums, model: LogLinearModel) -> PromotionWeek:
    row = baseline_week(sums.week, sums.actual if sums.cells else math.nan, sums.baseline, model)
    priced = sums.priced_units > 0
    return PromotionWeek(
        **row.model_dump(),
        role=sums.role,
        expected_dip=_rounded(sums.dip),
        cannibalised=_rounded(sums.cannibalised),
        halo=_rounded(sums.halo),
        price=round(sums.paid / sums.priced_units, 4) if priced else None,
        price_regular=round(sums.regular / sums.priced_units, 4) if priced else None,
        deal=round(sums.deal / max(sums.cells, 1), 4),
        feature=round(sums.feature / max(sums.cells, 1), 4),
    )


@functools.lru_cache(maxsize=4096)
def _price(value: float) -> Decimal | None:
    """A mean price as an exact decimal of four places; None when unknown."""
    return None if not math.isfinite(value) else Decimal(repr(float(value))).quantize(_PRICE)


def _units(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(_UNIT)


def outcome_of(product: ProductUplift, panel: Panel, model: LogLinearModel) -> ProductOutcome:
    net = summed_band(incremental_band(product.actual, product.baseline, model), dip_band(product.dip))
    known = panel.products.get(product.product_id)
    return ProductOutcome(
        product_id=product.product_id,
        units_sold=_units(product.actual),
        incremental=UnitBand(_units(net.mean), _units(net.lo80), _units(net.hi80)),
        price_paid=_price(product.price_paid),
        price_regular=_price(product.price_regular),
        acquisition_promoted=_price(product.cost_promoted),
        acquisition_regular=_price(product.cost_regular),
        unit_cost=Decimal(known.unit_cost) if known and known.unit_cost is not None else None,
        unit_cost_basis=known.unit_cost_basis if known else None,
    )


def other_product(
    panel: Panel, product_id: str, units: float, variance: float, price_regular: float, cost_regular: float
) -> OtherProduct:  # fmt: skip
    """What a product outside the promotion lost or gained, as the economics take it."""
    half = _Z80 * math.sqrt(max(variance, 0.0))
    known = panel.products.get(product_id)
    return OtherProduct(
        product_id=product_id,
        units=UnitBand(_units(units), _units(units - half), _units(units + half)),
        price_regular=_price(price_regular),
        acquisition_regular=_price(cost_regular),
        unit_cost=Decimal(known.unit_cost) if known and known.unit_cost is not None else None,
    )


def side(result: Return | Missing) -> Side | MissingFigure:
    if isinstance(result, Missing):
        return MissingFigure(missing=result.missing, detail=result.detail)

    def text(value: Decimal | None) -> str | None:
        return None if value is None else str(value)

    return Side(
        incremental_margin=str(result.incremental_margin),
        other_products_margin=str(result.other_products_margin),
        spend=str(result.spend),
        funding_kept=str(result.funding_kept),
        net=str(result.net),
        net_lo80=str(result.net_lo80),
        net_hi80=str(result.net_hi80),
        roi=text(result.roi),
        roi_lo80=text(result.roi_lo80),
        roi_hi80=text(result.roi_hi80),
        basis=result.basis,
    )


def uplift_result(key: str, found: Uplift, costs: Costs, panel: Panel, model: LogLinearModel, weeks: bool) -> UpliftResult:
    baseline, dip = found.baseline, dip_band(found.dip)
    incremental = incremental_band(found.actual, baseline, model)
    outcomes = [outcome_of(product, panel, model) for product in found.products]
    others = [
        other_product(panel, sister.product_id, sister.units, sister.variance, sister.price_regular, sister.cost_regular)
        for sister in found.sisters
    ]
    cannibalised, halo = sister_bands(found.sisters)
    share = (found.actual - baseline.expected) / baseline.expected if baseline.expected > 0 else None
    return UpliftResult(
        id=key,
        status="ok",
        actual_units=_rounded(found.actual),
        baseline_units=_rounded(baseline.expected),
        incremental_units=incremental,
        post_dip_units=dip,
        net_incremental_units=summed_band(incremental, dip),
        cannibalised_units=cannibalised,
        halo_units=halo,
        total_units=_rounded(incremental.mean + dip.mean + cannibalised.mean + halo.mean),
        uplift_percent=None if share is None else round(100 * share, 1),
        placebo_p_value=None if found.p_value is None else round(found.p_value, 4),
        weeks=[promotion_week(sums, model) for sums in found.weeks] if weeks else None,
        manufacturer=side(economics.manufacturer_return(outcomes, costs, others)),
        retailer=side(economics.retailer_return(outcomes, costs, others)),
        warnings=found.warnings,
    )
