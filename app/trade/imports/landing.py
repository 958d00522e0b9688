"""Landing staged facts: new ones are inserted as they were staged, changed ones replaced after what was there is kept.

Every step can be repeated: a job that died in the middle continues at the chunk it was in, and finds what it already wrote
by the import's id on the fact. Design and measurements: docs/decisions/0051-landing-without-transactions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.cache import changing
from app.core.errors import Conflict
from app.core.i18n import _
from app.core.jobs import Progress
from app.core.mongo import Document, stamped
from app.trade.customers.models import CustomerInput
from app.trade.customers.service import stored_fields as customer_fields
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.store import Nodes
from app.trade.imports import store
from app.trade.imports.rules import same_fact
from app.trade.imports.staging import Chunk
from app.trade.products.models import ProductInput
from app.trade.products.service import stored_fields as product_fields
from app.trade.products.store import nodes as products
from app.trade.sales import store as sales
from app.trade.sales.models import Source
from app.trade.sales.rules import fact_id


@dataclass(frozen=True)
class Known:
    """The span of periods that hold facts, by source: outside of it nothing needs to be looked up."""

    spans: Mapping[str, tuple[datetime, datetime]]

    @classmethod
    def facts(cls) -> "Known":
        """As the database stands now."""
        spans = {source.value: sales.span(source.value) for source in Source}
        return cls({source: span for source, span in spans.items() if span is not None})

    def may_hold(self, chunk: Chunk) -> bool:
        """Whether any fact of `chunk` may be there already."""
        for source, (first, last) in chunk.spans.items():
            span = self.spans.get(source)
            if span is not None and first <= span[1] and span[0] <= last:
                return True
        return False


@dataclass
class Comparison:
    """What landing a chunk means: indexes of new rows, (stored, staged) of changed ones, ids that are this import's already."""

    new: list[int] = field(default_factory=list)
    changed: list[tuple[Document, Document]] = field(default_factory=list)
    mine: list[str] = field(default_factory=list)
    unchanged: int = 0


def compare(chunk: Chunk, import_id: str) -> Comparison:
    """The staged facts of `chunk` against the stored ones."""
    stored = sales.by_ids(chunk.ids)
    found = Comparison()
    if not stored:
        found.new = list(range(len(chunk.ids)))
        return found
    for index, staged in enumerate(chunk.decoded()):
        there = stored.get(staged["_id"])
        if there is None:
            found.new.append(index)
        elif there["import_id"] == import_id:
            found.mine.append(there["_id"])
        elif same_fact(there, staged):
            found.unchanged += 1
        else:
            found.changed.append((there, staged))
    return found


def land_sales(document: Document, progress: Progress) -> dict[str, int]:
    """Land every staged chunk from where the import stands; returns the counts of all of it. The caller holds the claim."""
    import_id = document["_id"]
    numbers = store.staged_numbers(import_id)
    counts = {"inserted": 0, "replaced": 0, "unchanged": 0, **document.get("landed", {})}
    replaced_ids = create_missing(import_id) if 0 in numbers else {}
    known = Known.facts()
    total = document["counts"]["rows"]
    for number in numbers:
        if number == 0 or number <= document.get("landed_chunks", 0):
            continue
        progress.stop_if_cancelled()
        chunk = store.staged_chunk(import_id, number)
        with changing("sales"):
            land_chunk(import_id, with_ids(chunk, replaced_ids), known, counts)
        store.note(import_id, {"landed_chunks": number, "landed": counts})
        done = counts["inserted"] + counts["replaced"] + counts["unchanged"]
        progress.report(done, total, _("{done} of {total} rows landed", done=f"{done:,}", total=f"{total:,}"))
    return counts


def land_chunk(import_id: str, chunk: Chunk, known: Known, counts: dict[str, int]) -> None:
    """Land one chunk and add to `counts`; safe to repeat."""
    if not known.may_hold(chunk) and sales.insert(chunk.raw()):
        counts["inserted"] += len(chunk.ids)
        return
    found = compare(chunk, import_id)
    kept = {one["_id"]: one for one in store.before(import_id, chunk.number)}
    kept = {node_id: kept[node_id] for node_id in found.mine if node_id in kept}
    if found.changed:
        store.keep_before(import_id, chunk.number, [*kept.values(), *(there for there, _staged in found.changed)])
        store.note_replaced(import_id, (there["import_id"] for there, _staged in found.changed))
    raw = chunk.raw()
    if found.new and not sales.insert([raw[index] for index in found.new]):
        raise Conflict(_("Facts appeared while this import was landing. Continue it, or take it back."))
    pairs = [(there, {**staged, "version": there["version"] + 1}) for there, staged in found.changed]
    if sales.replace(pairs) != len(pairs):
        raise Conflict(_("Facts were changed while this import was landing. Continue it, or take it back."))
    counts["inserted"] += len(found.new) + len(found.mine) - len(kept)
    counts["replaced"] += len(found.changed) + len(kept)
    counts["unchanged"] += found.unchanged


def with_ids(chunk: Chunk, replaced: Mapping[str, str]) -> Chunk:
    """The chunk with customers and products under the ids they really have; usually the chunk itself."""
    if not replaced:
        return chunk
    changed = Chunk(chunk.number)
    for row in chunk.decoded():
        row["customer_id"] = replaced.get(row["customer_id"], row["customer_id"])
        row["product_id"] = replaced.get(row["product_id"], row["product_id"])
        row["_id"] = fact_id(row["customer_id"], row["product_id"], row["period"], row["source"])
        changed.add(row)
    return changed


def create_missing(import_id: str) -> dict[str, str]:
    """Create the customers and products of chunk 0. Returns planned id -> real id where somebody else was faster."""
    rows = store.staged_chunk(import_id, 0).decoded()
    replaced: dict[str, str] = {}
    for name, nodes in (("customers", customers), ("products", products)):
        wanted = {row["code"]: row["_id"] for row in rows if row["of"] == name}
        if wanted:
            with changing(name):
                replaced |= _create(nodes, wanted, import_id)
    return replaced


def _create(nodes: Nodes, wanted: dict[str, str], import_id: str) -> dict[str, str]:
    there = nodes.by_codes(wanted, {nodes.code: 1})
    new = [new_node(nodes, code, node_id, import_id) for code, node_id in wanted.items() if code not in there]
    if new:
        nodes.collection().insert_many(new, ordered=False)
    return {wanted[code]: node["_id"] for code, node in there.items() if node["_id"] != wanted[code]}


def new_node(nodes: Nodes, code: str, node_id: str, import_id: str) -> Document:
    """A store or SKU that is known by its code only."""
    fields: dict[str, Any]
    if nodes is customers:
        fields = customer_fields(CustomerInput(code=code, name=code).model_dump(mode="json"))
    else:
        fields = product_fields(ProductInput(sku=code, name=code).model_dump(mode="python"))
    return stamped({"_id": node_id, **fields, "path": [node_id], "import_id": import_id}, f"system:{import_id}")
