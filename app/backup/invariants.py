"""What restored data must fulfil by itself, whatever it was: the audit trail is one unbroken chain, and the ledgers add up.

A dump is not taken at one moment: a fact may be in it whose import, or whose customer, came a moment too late. So whatever was
written since the dump began proves nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError

from app.access.audit.rules import Break, Link, follow
from app.backup.errors import DrillFailed
from app.backup.manifest import Manifest
from app.backup.server import Server
from app.core.i18n import _

_AUDIT = "audit"
_NODES = (("customer_id", "customers"), ("product_id", "products"))
_LOOKED_AT = 200  # strangers that an import in flight may explain; more of them are looked at no closer
_Document = Mapping[str, Any]


@dataclass(frozen=True)
class Restored:
    """The restored collections: `prefix` stands before their names; the dump began at `since`."""

    db: Database[Any]
    since: datetime
    prefix: str = ""

    def __getitem__(self, name: str) -> Collection[Any]:
        return self.db[self.prefix + name]

    def has(self, *names: str) -> bool:
        there = set(self.db.list_collection_names())
        return all(self.prefix + name in there for name in names)


def contradictions(server: Server, manifest: Manifest) -> str:
    """What the restored database contradicts itself in, "" when in nothing. Raises DrillFailed when it cannot be read."""
    try:
        with server.client() as client:
            return contradiction(Restored(client[manifest.database], manifest.started_at))
    except PyMongoError as error:
        raise DrillFailed(_("The throwaway database failed: {reason}", reason=str(error).split(",")[0])) from error


def contradiction(restored: Restored) -> str:
    """The first one found, "" for none. Raises PyMongoError."""
    checks: tuple[Callable[[Restored], str], ...] = (_trail, _facts, _imports, _promotions)
    return next(filter(None, (check(restored) for check in checks)), "")


def is_settled(document: _Document | None, since: datetime) -> bool:
    """Whether an import had landed, and nobody had touched it any more, when the dump began."""
    if document is None or document.get("status") != "landed":
        return False
    at = document.get("updated_at")
    return isinstance(at, datetime) and at < since


def most_facts(document: _Document) -> int | None:
    """How many facts an import that landed can have at most: later ones may have replaced some. None when it does not say."""
    landed = document.get("landed")
    return int(landed["inserted"]) + int(landed["replaced"]) if landed and {"inserted", "replaced"} <= set(landed) else None


def _trail(restored: Restored) -> str:
    link = Link()
    for entry in restored[_AUDIT].find().sort("_id", 1):
        step = follow(link, entry)
        if isinstance(step, Break):
            return _("audit trail: {reason}", reason=step.reason)
        link = step
    return ""


def _facts(restored: Restored) -> str:
    """Every fact is of a customer and a product that are there."""
    for field, nodes in _NODES:
        if not restored.has("sales", nodes):
            continue
        known = {node["_id"] for node in restored[nodes].find({}, {"_id": 1})}
        strangers = [named for named in _groups(restored["sales"], field) if named not in known]
        for stranger in strangers[:_LOOKED_AT]:
            fact = restored["sales"].find_one({field: stranger}) or {}
            source = fact.get("import_id")
            if source is None or is_settled(restored["imports"].find_one({"_id": source}), restored.since):
                return _("sales of {node}, which is not among the {nodes}", node=stranger, nodes=nodes)
    return ""


def _imports(restored: Restored) -> str:
    """No import has more facts than it landed."""
    if not restored.has("sales", "imports"):
        return ""
    by_import = restored["sales"].aggregate([{"$group": {"_id": "$import_id", "count": {"$sum": 1}}}])
    counted = {row["_id"]: row["count"] for row in by_import}
    for document in restored["imports"].find({"status": "landed"}, {"file_name": 1, "landed": 1, "status": 1, "updated_at": 1}):
        most, count = most_facts(document), counted.get(document["_id"], 0)
        if most is not None and count > most and is_settled(document, restored.since):
            return _(
                "the import {name} landed {most} sales and has {count}", name=document.get("file_name"), most=most, count=count
            )
    return ""


def _promotions(restored: Restored) -> str:
    """Every promotion runs at a customer that is there."""
    if not restored.has("promotions", "customers"):
        return ""
    known = {node["_id"] for node in restored["customers"].find({}, {"_id": 1})}
    for promotion in restored["promotions"].find({}, {"customer_id": 1, "updated_at": 1}):
        named, at = promotion.get("customer_id"), promotion.get("updated_at")
        if named is not None and named not in known and not (isinstance(at, datetime) and at >= restored.since):
            return _("the promotion {name} is of {node}, which is not among the customers", name=promotion["_id"], node=named)
    return ""


def _groups(collection: Collection[Any], field: str) -> Iterator[Any]:
    return (row["_id"] for row in collection.aggregate([{"$group": {"_id": f"${field}"}}]))
