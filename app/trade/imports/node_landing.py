"""Landing and taking back customers and products: few enough to check all of them before the first is written."""

from collections.abc import Iterable

from pymongo import ReplaceOne

from app.core.cache import changing
from app.core.clock import now
from app.core.errors import Conflict
from app.core.i18n import _
from app.core.jobs import Progress
from app.core.mongo import Document, stamped
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.store import Nodes
from app.trade.imports import store
from app.trade.imports.models import Kind
from app.trade.products.store import nodes as products
from app.trade.promotions import store as promotions
from app.trade.sales import store as sales

_NAMED = 5
_BATCH = 1_000


class ChangedSince(Conflict):
    """Somebody changed what the file was checked against; nothing was written."""

    kind, title = "changed-since", "Changed since the file was checked"


def land_nodes(document: Document, progress: Progress, actor: str) -> dict[str, int]:
    """Create and change the staged nodes; raises ChangedSince before anything is written. Safe to repeat."""
    import_id, nodes = document["_id"], _nodes(document["kind"])
    counts = {"inserted": 0, "replaced": 0, "unchanged": document["counts"]["unchanged"]}
    with changing(nodes.name), nodes.moving() as lease:
        chunks = [(number, store.staged_chunk(import_id, number).decoded()) for number in store.staged_numbers(import_id)]
        stored = nodes.by_ids(row["_id"] for _number, rows in chunks for row in rows)
        _refuse_changed(nodes, [row for _number, rows in chunks for row in rows], stored, import_id)
        for number, rows in chunks:
            lease.renew()
            _land(nodes, import_id, number, rows, stored, actor)
            progress.report(number, len(chunks), _("{name} landed", name=document["file_name"]))
        nodes.rebuild_paths()
    for _number, rows in chunks:
        counts["inserted"] += sum(not row["before_version"] for row in rows)
        counts["replaced"] += sum(bool(row["before_version"]) for row in rows)
    return counts


def _refuse_changed(nodes: Nodes, rows: list[Document], stored: dict[str, Document], import_id: str) -> None:
    taken = nodes.by_codes((row["code"] for row in rows if not row["before_version"]), {nodes.code: 1})
    changed = [code for code, node in taken.items() if node["_id"] not in {row["_id"] for row in rows}]
    for row in rows:
        there = stored.get(row["_id"])
        if there is not None and there.get("import_id") == import_id:
            continue  # this import's own, from an attempt that was interrupted
        if row["before_version"] != (there["version"] if there else 0):
            changed.append(row["code"])
    if changed:
        raise ChangedSince(_("{codes} changed since the file was checked. Check it again, then land it.", codes=_some(changed)))


def _land(nodes: Nodes, import_id: str, number: int, rows: list[Document], stored: dict[str, Document], actor: str) -> None:
    pending = [row for row in rows if stored.get(row["_id"], {}).get("import_id") != import_id]
    changes = [row for row in pending if row["before_version"]]
    if changes:
        kept = store.before(import_id, number)
        known = {one["_id"] for one in kept}
        store.keep_before(import_id, number, [*kept, *(stored[row["_id"]] for row in changes if row["_id"] not in known)])
        store.note_replaced(import_id, (stored[row["_id"]].get("import_id") or "" for row in changes))
    new = [
        stamped({"_id": row["_id"], **row["fields"], "path": [row["_id"]], "import_id": import_id}, actor)
        for row in pending
        if not row["before_version"]
    ]
    if new:
        nodes.collection().insert_many(new, ordered=False)
    operations = []
    for row in changes:
        was = stored[row["_id"]]
        stamp = {"import_id": import_id, "updated_at": now(), "updated_by": actor, "version": was["version"] + 1}
        operations.append(ReplaceOne({"_id": was["_id"], "version": was["version"]}, {**was, **row["fields"], **stamp}))
    _write(nodes, operations)


def changed_later(document: Document) -> list[str]:
    """Why this import's customers or products cannot be taken back: those that were changed or came into use since."""
    nodes = _nodes(document["kind"])
    was = {one["_id"]: one for number in store.before_numbers(document["_id"]) for one in store.before(document["_id"], number)}
    reasons = [
        _("{name} was changed since", name=node["name"])
        for node in nodes.by_ids(was).values()
        if (node.get("import_id") != document["_id"] and node["version"] > was[node["_id"]]["version"])
        or (node.get("import_id") == document["_id"] and node["version"] != was[node["_id"]]["version"] + 1)
    ]  # fmt: skip
    created = {node["_id"]: node for node in nodes.find({"import_id": document["_id"]}) if node["_id"] not in was}
    reasons += [_("{name} was changed since", name=node["name"]) for node in created.values() if node["version"] != 1]
    reasons += [_("{name} {use}", name=created[node_id]["name"], use=use) for node_id, use in in_use(nodes, created).items()]
    return reasons


def revert_nodes(document: Document) -> dict[str, int]:
    """Put back what was changed and delete what was created. The caller asked `changed_later` first. Safe to repeat."""
    import_id, nodes = document["_id"], _nodes(document["kind"])
    restored = 0
    with changing(nodes.name), nodes.moving():
        was: set[str] = set()
        for number in store.before_numbers(import_id):
            before = store.before(import_id, number)
            was |= {one["_id"] for one in before}
            _write(nodes, [ReplaceOne({"_id": one["_id"], "version": one["version"] + 1, "import_id": import_id}, one)
                           for one in before])  # fmt: skip
            restored += len(before)
        deleted = nodes.collection().delete_many({"import_id": import_id, "version": 1, "_id": {"$nin": sorted(was)}})
        nodes.rebuild_paths()
    return {"restored": restored, "deleted": deleted.deleted_count}


def drop_created(import_id: str) -> tuple[int, list[str]]:
    """Delete the customers and products that a sales import created; (how many, names of those that stay in use)."""
    deleted, kept = 0, []
    for nodes in (products, customers):
        created = {node["_id"]: node for node in nodes.find({"import_id": import_id})}
        if not created:
            continue
        used = in_use(nodes, created)
        free = [node_id for node_id, node in created.items() if node["version"] == 1 and node_id not in used]
        with changing(nodes.name):
            for start in range(0, len(free), _BATCH):
                where = {"_id": {"$in": free[start : start + _BATCH]}, "version": 1}
                deleted += nodes.collection().delete_many(where).deleted_count
        kept += [node["name"] for node_id, node in created.items() if node_id not in free]
    return deleted, kept


def in_use(nodes: Nodes, among: Iterable[str]) -> dict[str, str]:
    """Why nodes of `among` cannot be deleted, by id: sales, promotions, or nodes below them."""
    ids = list(among)
    field = "customer_id" if nodes.name == "customers" else "product_id"
    uses = dict.fromkeys(sales.used(field, ids), _("has sales"))  # type: ignore[arg-type]
    for node in nodes.find({"parent_id": {"$in": ids}, "_id": {"$nin": ids}}, {"parent_id": 1}):
        uses.setdefault(node["parent_id"], _("has others below it"))
    listed = "customer_ids" if nodes.name == "customers" else "product_ids"
    for promotion in promotions.find({listed: {"$in": ids}}, {listed: 1, "customer_id": 1}):
        for node_id in [*promotion.get(listed, []), promotion.get("customer_id")]:
            if node_id in ids:
                uses.setdefault(node_id, _("is in a promotion"))
    return uses


def _nodes(kind: str) -> Nodes:
    return customers if kind == Kind.CUSTOMERS.value else products


def _write(nodes: Nodes, operations: list[ReplaceOne[Document]]) -> None:
    for start in range(0, len(operations), _BATCH):
        nodes.collection().bulk_write(operations[start : start + _BATCH], ordered=False)


def _some(names: list[str]) -> str:
    text = ", ".join(names[:_NAMED])
    return text if len(names) <= _NAMED else _("{names} and {count} more", names=text, count=len(names) - _NAMED)
