"""Trees of nodes (customers, products): a parent decides the path, and the path answers "everything below" in one query."""
