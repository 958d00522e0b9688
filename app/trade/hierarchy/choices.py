"""A tree as the flat list a form or filter offers: each node under its parent, with its depth."""

from collections.abc import Collection
from typing import Any

from app.core.mongo import Document
from app.trade.hierarchy.store import Nodes

OFFERED = 2_000


def choice_tree(nodes: Nodes, chosen: Collection[str] = ()) -> list[dict[str, Any]]:
    """`{id, name, code, level, depth, chosen}` of the active nodes (and the chosen ones), at most OFFERED, by name."""
    projection = {"name": 1, nodes.code: 1, "level": 1, "parent_id": 1, "status": 1}
    where: Document = {"$or": [{"status": "active"}, {"_id": {"$in": list(chosen)}}]}
    found = list(nodes.collection().find(where, projection).limit(OFFERED))
    known = {node["_id"] for node in found}
    children: dict[str | None, list[Document]] = {}
    for node in sorted(found, key=lambda one: _natural(str(one["name"]))):
        parent = node.get("parent_id")
        children.setdefault(parent if parent in known else None, []).append(node)
    tree: list[dict[str, Any]] = []
    waiting = [(node, 0) for node in reversed(children.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        tree.append(
            {
                "id": node["_id"],
                "name": node["name"],
                "code": node[nodes.code],
                "level": node["level"],
                "depth": depth,
                "chosen": node["_id"] in chosen,
            }
        )
        waiting += [(child, depth + 1) for child in reversed(children.get(node["_id"], []))]
    return tree


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Orders `store 9` before `store 12`."""
    parts: list[tuple[int, int, str]] = []
    for word in text.casefold().split():
        parts.append((0, int(word), "") if word.isdigit() else (1, 0, word))
    return parts
