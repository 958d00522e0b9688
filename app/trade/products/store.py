"""The products collection."""

from app.core.mongo import Index
from app.trade.hierarchy.store import Nodes

nodes = Nodes("products", code="sku", what="Product")

INDEXES: list[Index] = nodes.indexes

SORTABLE = {name: name for name in ("sku", "name", "level", "list_price", "unit_cost", "status", "updated_at")}
