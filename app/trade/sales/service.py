"""What others may ask of sales: weekly series and totals of any part of the two hierarchies."""

from datetime import datetime

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.store import Nodes
from app.trade.products.store import nodes as products
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
        customer_ids=_with_all_below(customers, customer_id),
        product_ids=_with_all_below(products, product_id),
        start=start,
        end=end,
    )


def _with_all_below(nodes: Nodes, node_id: str | None) -> list[str] | None:
    if node_id is None:
        return None
    return nodes.below(node_id) or [nodes.get(node_id)["_id"]]


def series(who: Principal, wanted: SalesFilter, by: store.By | None = None) -> list[SalesPoint]:
    """Weekly sales of `wanted`, in order."""
    require(who, Permission.SALES_READ)
    return store.series(wanted, by)


def totals(who: Principal, wanted: SalesFilter, by: store.By | None = None) -> list[SalesPoint]:
    """Sales of `wanted` over its whole time."""
    require(who, Permission.SALES_READ)
    return store.totals(wanted, by)
