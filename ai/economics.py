"""What a promotion earned, for the manufacturer and for the retailer, in exact decimals.

One definition of return: ROI = margin gained / net spend. Incremental margin values the extra units at the
*regular* margin; the discount on every unit sold is spend. Together they are the true change of profit:

  manufacturer: units*(promo price - cost) - baseline*(regular price - cost)
              = incremental*(regular price - cost) - units*(regular price - promo price)

where the manufacturer's price is what the retailer pays per unit. The retailer's side is the same with shelf
prices, and what the manufacturer funds per unit is taken off its spend. Units that other products lost to the promotion, or
gained by it, are valued at their own regular margin and belong to the return: ROI = (incremental + other margin) / spend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
_RATIO = Decimal("0.0001")
NOTHING = Decimal(0)
# Spend that is measured (not entered) and below this share of regular turnover cannot be told from averaging in the
# prices; dividing by it would print returns of thousands of percent.
MEASURABLE_SHARE = Decimal("0.02")


@dataclass(frozen=True)
class UnitBand:
    """Units: the mean and the ends of the 80 % band."""

    mean: Decimal
    lo80: Decimal
    hi80: Decimal


Lines = list[tuple[UnitBand, Decimal]]  # units, each with its margin per unit


@dataclass(frozen=True)
class ProductOutcome:
    """One product of a promotion. Units are over all its stores and weeks; money is per unit, None when unknown."""

    product_id: str
    units_sold: Decimal  # in the promotion's weeks
    incremental: UnitBand  # net of the weeks after
    price_paid: Decimal | None
    price_regular: Decimal | None
    acquisition_promoted: Decimal | None  # what the retailer paid, promotion weeks
    acquisition_regular: Decimal | None  # the same in quiet weeks
    unit_cost: Decimal | None
    unit_cost_basis: str | None
    funding: Decimal | None = None  # planned: what the manufacturer gives per unit; overrules prices and costs per unit


@dataclass(frozen=True)
class OtherProduct:
    """A product outside the promotion that lost units to it (below zero) or gained by it. Money per unit at regular prices, None
    when unknown; a product without unit cost is not the manufacturer's own, or its cost is not known."""

    product_id: str
    units: UnitBand
    price_regular: Decimal | None
    acquisition_regular: Decimal | None
    unit_cost: Decimal | None


@dataclass(frozen=True)
class Costs:
    """What people entered about the promotion's costs; None means not entered."""

    fixed: Decimal | None = None
    per_unit: Decimal | None = None

    @property
    def given(self) -> bool:
        return self.fixed is not None or self.per_unit is not None


@dataclass(frozen=True)
class Return:
    """One side's result. Money rounded to cents; net and roi hold the other products; roi None when nothing was spent."""

    incremental_margin: Decimal
    other_products_margin: Decimal
    spend: Decimal
    funding_kept: Decimal
    net: Decimal
    net_lo80: Decimal
    net_hi80: Decimal
    roi: Decimal | None
    roi_lo80: Decimal | None
    roi_hi80: Decimal | None
    basis: list[str]


@dataclass(frozen=True)
class Missing:
    """A side that cannot be computed, and the figure that is missing."""

    missing: str
    detail: str


def money(value: Decimal) -> Decimal:
    """Rounded to cents, half to even."""
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _ratio(margin: Decimal, spend: Decimal) -> Decimal | None:
    return (margin / spend).quantize(_RATIO, rounding=ROUND_HALF_EVEN) if spend > 0 else None


def funding_per_unit(product: ProductOutcome, costs: Costs) -> Decimal:
    """What the manufacturer gives per unit: as planned or entered, else how much cheaper the retailer bought; never below 0."""
    if product.funding is not None:
        return max(product.funding, NOTHING)
    if costs.given:
        return costs.per_unit or NOTHING
    if product.acquisition_regular is None or product.acquisition_promoted is None:
        return NOTHING
    return max(product.acquisition_regular - product.acquisition_promoted, NOTHING)


def turnover_of(products: Sequence[ProductOutcome], side: str) -> Decimal:
    """One side's sales in the promotion's weeks; side: manufacturer (what the retailer pays) or retailer (what shoppers pay)."""
    prices = ((one, _bought(one) if side == "manufacturer" else one.price_paid) for one in products)
    return sum((one.units_sold * (price or NOTHING) for one, price in prices), NOTHING)


def _bought(one: ProductOutcome) -> Decimal | None:
    """What the retailer pays per unit during the promotion."""
    if one.acquisition_regular is None or one.funding is None:
        return one.acquisition_promoted
    return max(one.acquisition_regular - one.funding, NOTHING)


def _result(own: Lines, others: Lines, spend: Decimal, kept: Decimal, turnover: Decimal, basis: list[str]) -> Return:
    """A Return from units with their margins and spend; turnover: regular value of the units sold, zero when the spend was
    entered and needs no doubt."""
    of_own, of_others = _margins(own), _margins(others)
    mean = of_own.mean + of_others.mean
    low, high = mean - (of_own.below + of_others.below).sqrt(), mean + (of_own.above + of_others.above).sqrt()
    divisor = spend
    if spend <= 0:
        basis = [*basis, "nothing was spent, so there is no return on it"]
    elif spend < MEASURABLE_SHARE * turnover:
        divisor = NOTHING
        basis = [*basis, "spend is under 2 % of regular value: too little to tell from averaging, so no return is given"]
    return Return(
        incremental_margin=money(of_own.mean),
        other_products_margin=money(of_others.mean),
        spend=money(spend),
        funding_kept=money(kept),
        net=money(mean + kept - spend),
        net_lo80=money(low + kept - spend),
        net_hi80=money(high + kept - spend),
        roi=_ratio(mean, divisor),
        roi_lo80=_ratio(low, divisor),
        roi_hi80=_ratio(high, divisor),
        basis=basis,
    )


def _others(others: Sequence[OtherProduct], margin_of: Callable[[OtherProduct], Decimal | None]) -> tuple[Lines, list[str]]:
    """Units of other products with their margins, and in words what is counted of them."""
    if not others:
        return [], ["no effect on other products was found"]
    found = [(one, margin_of(one)) for one in others]
    lines = [(one.units, margin) for one, margin in found if margin is not None]
    unknown = sorted({one.product_id for one, margin in found if margin is None})
    told = ["other products: units taken from them or drawn to them, at their regular margin"] if lines else []
    if unknown:
        told.append(f"not counted, because a price or cost is not known: other products {', '.join(unknown)}")
    return lines, told


def _less(price: Decimal | None, cost: Decimal | None) -> Decimal | None:
    return None if price is None or cost is None else price - cost


@dataclass(frozen=True)
class _Margin:
    """Margin at mean units, and the squares of how far it may lie below and above."""

    mean: Decimal
    below: Decimal
    above: Decimal


def _margins(lines: Lines) -> _Margin:
    """Half-widths of different products are added in quadrature: their errors are independent in the model."""
    mean = below = above = NOTHING
    for band, margin in lines:
        mean += band.mean * margin
        below += ((band.mean - band.lo80) * margin) ** 2
        above += ((band.hi80 - band.mean) * margin) ** 2
    return _Margin(mean, below, above)


def manufacturer_return(
    products: Sequence[ProductOutcome], costs: Costs, others: Sequence[OtherProduct] = ()
) -> Return | Missing:
    """The manufacturer's side: sells at the regular acquisition cost, makes at unit_cost, funds the difference."""
    lines: Lines = []
    spend, turnover = costs.fixed or NOTHING, NOTHING
    for product in products:
        if product.unit_cost is None:
            return Missing("unit_cost", f"product {product.product_id} has no unit cost; enter it on the product")
        if product.acquisition_regular is None:
            return Missing(
                "unit_acquisition_cost", f"the sales of product {product.product_id} do not say what the retailer paid"
            )
        lines.append((product.incremental, product.acquisition_regular - product.unit_cost))
        spend += funding_per_unit(product, costs) * product.units_sold
        doubtful = not costs.given and product.funding is None
        turnover += product.acquisition_regular * product.units_sold if doubtful else NOTHING
    basis = ["revenue per unit: median of what the retailer paid in the quiet weeks around"]
    if any(product.funding is not None for product in products):
        basis.append("spend: the planned funding per unit, times units sold, and the fixed costs")
    elif costs.given:
        basis.append("spend: the costs entered with the promotion")
    else:
        basis.append("spend: how much less the retailer paid per unit during the promotion, times units sold")
    kinds = sorted({product.unit_cost_basis or "unknown" for product in products})
    basis.append(f"unit cost: {', '.join(kinds)}")
    beside, told = _others(others, lambda one: _less(one.acquisition_regular, one.unit_cost))
    return _result(lines, beside, spend, NOTHING, turnover, [*basis, *told])


def retailer_return(products: Sequence[ProductOutcome], costs: Costs, others: Sequence[OtherProduct] = ()) -> Return | Missing:
    """The retailer's side: regular shelf price less acquisition cost, the unfunded part of the price cut is spend."""
    lines: Lines = []
    spend = kept = turnover = NOTHING
    for product in products:
        if product.price_regular is None or product.price_paid is None:
            return Missing("price", f"the sales of product {product.product_id} have no price")
        if product.acquisition_regular is None:
            return Missing(
                "unit_acquisition_cost", f"the sales of product {product.product_id} do not say what the retailer paid"
            )
        lines.append((product.incremental, product.price_regular - product.acquisition_regular))
        turnover += product.price_regular * product.units_sold
        cut = product.price_regular - product.price_paid - funding_per_unit(product, costs)
        if cut > 0:
            spend += cut * product.units_sold
        else:
            kept += -cut * product.units_sold
    basis = [
        "margin per unit: regular shelf price less what the retailer paid in quiet weeks",
        "spend: price cut less the manufacturer's funding, times units sold",
    ]
    beside, told = _others(others, lambda one: _less(one.price_regular, one.acquisition_regular))
    basis += told
    if kept > 0:
        basis.append("funding_kept: what funding and prices gave beyond the price cut, added to net")
    return _result(lines, beside, spend, kept, turnover, basis)
