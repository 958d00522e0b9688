"""The first schema: nothing to move yet; stores declare the indexes."""

from app.core.mongo import Db

TITLE = "first collections"


def up(db: Db) -> None:
    """Make the append-only collections exist, so that backups of an empty appliance name them."""
    existing = set(db.list_collection_names())
    for name in ("audit", "sales"):
        if name not in existing:
            db.create_collection(name)
