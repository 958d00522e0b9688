"""The customers collection."""

from app.core.mongo import Index
from app.trade.hierarchy.store import Nodes

nodes = Nodes("customers", code="code", what="Customer")

INDEXES: list[Index] = nodes.indexes

SORTABLE = {name: name for name in ("code", "name", "level", "channel", "status", "updated_at")}
