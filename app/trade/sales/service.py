"""What others may ask of sales: weekly series and totals of any part of the two hierarchies."""

from datetime import datetime

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.trade.customers.service import tree as customers
from app.trade.products.service import tree as products
from app.trade.sales import store
from app.trade.sales.models import SalesFilter, SalesPoint, Source


def part(
    source: Source = Source.POS,
    customer_id: str | None = None,
    product_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> SalesFilter:
    """The sales of a node and everything below it, on both sides; raises NotFound for an unknown node."""
    return SalesFilter(
        source=source,
        customer_ids=customers.below(customer_id) if customer_id else None,
        product_ids=products.below(product_id) if product_id else None,
        start=start,
        end=end,
    )


def series(who: Principal, wanted: SalesFilter, by: store.By | None = None) -> list[SalesPoint]:
    """Weekly sales of `wanted`, in order."""
    require(who, Permission.SALES_READ)
    return store.series(wanted, by)


def totals(who: Principal, wanted: SalesFilter, by: store.By | None = None) -> list[SalesPoint]:
    """Sales of `wanted` over its whole time."""
    require(who, Permission.SALES_READ)
    return store.totals(wanted, by)
