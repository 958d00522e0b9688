"""Sales facts as values: their identity, and how prices, revenue and units complete each other; pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.core.clock import midnight, monday
from app.core.money import round_money
from app.trade.sales.models import Grain, SalesPoint

PRICE_PLACES = Decimal("0.000001")
# A stated price and revenue may disagree by rounding: half a cent a unit, or one percent of the revenue.
_TOLERANCE_SHARE = Decimal("0.01")
_TOLERANCE_PER_UNIT = Decimal("0.005")


class Incomplete(ValueError):
    """Neither price nor revenue is known, or they contradict each other; the message is for people."""


def fact_id(customer_id: str, product_id: str, period: datetime, source: str) -> str:
    """The id of the one fact of this customer, product, period and source; equal facts have equal ids."""
    key = f"{customer_id}|{product_id}|{period.toordinal()}|{source}"
    return "sal_" + hashlib.blake2b(key.encode(), digest_size=15).hexdigest()


def period_of(day: date, grain: Grain) -> datetime:
    """The stored period: the day itself, or the Monday of its ISO week, as UTC midnight."""
    return midnight(monday(day) if grain is Grain.WEEK else day)


def complete_prices(
    units: Decimal,
    currency: str,
    net_revenue: Decimal | None = None,
    gross_revenue: Decimal | None = None,
    price_paid: Decimal | None = None,
    price_regular: Decimal | None = None,
    **_others: Decimal,
) -> tuple[Decimal, Decimal, Decimal | None, str | None]:
    """(net revenue, gross revenue, price paid, warning): what is missing follows from what is there.

    Net revenue = units x price paid; price paid = net revenue / units (six decimals); gross revenue = units x regular
    price, or net revenue where no regular price is known. A revenue that is given wins over one that is computed.
    Raises Incomplete when neither net revenue, price paid nor gross revenue is there.
    """
    warning = None
    if net_revenue is None and price_paid is None:
        if gross_revenue is None:
            raise Incomplete("Net revenue, gross revenue or price paid is needed; the row has none of them.")
        net_revenue = gross_revenue
    if net_revenue is None:
        assert price_paid is not None
        net_revenue = round_money(units * price_paid, currency)
    elif price_paid is None:
        price_paid = (net_revenue / units).quantize(PRICE_PLACES) if units else None
    elif abs(units * price_paid - net_revenue) > max(abs(units) * _TOLERANCE_PER_UNIT, abs(net_revenue) * _TOLERANCE_SHARE):
        warning = f"Units x price paid is {round_money(units * price_paid, currency)}, net revenue is {net_revenue}."
    if gross_revenue is None:
        gross_revenue = round_money(units * price_regular, currency) if price_regular is not None else net_revenue
    return net_revenue, gross_revenue, price_paid, warning


def by_week(points: Iterable[SalesPoint]) -> list[SalesPoint]:
    """Daily points added up to ISO weeks, in order; weekly ones pass unchanged."""
    weeks: dict[tuple[datetime, str | None], SalesPoint] = {}
    for point in points:
        assert point.period is not None
        start = point.period - timedelta(days=point.period.weekday())
        so_far = weeks.get((start, point.key))
        weeks[start, point.key] = added(so_far, point) if so_far else replace(point, period=start)
    return sorted(weeks.values(), key=lambda point: (point.period, point.key or ""))


def added(one: SalesPoint, other: SalesPoint) -> SalesPoint:
    """Both together, under the period and key of the first."""
    return replace(
        one,
        units=one.units + other.units,
        net_revenue=one.net_revenue + other.net_revenue,
        gross_revenue=one.gross_revenue + other.gross_revenue,
        deal_units=one.deal_units + other.deal_units,
        feature_units=one.feature_units + other.feature_units,
        rows=one.rows + other.rows,
    )
