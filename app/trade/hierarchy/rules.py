"""Which parent a node may have, and what its path becomes; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]


class BadParent(ValueError):
    """The wished parent would break the tree; the message says why, in words for people."""


def path_under(node_id: str, parent: Node | None) -> list[str]:
    """The ids from the root down to `node_id` itself."""
    return [*(parent["path"] if parent else ()), node_id]


def check_parent(node_id: str | None, name: str, level: str, parent: Node | None, levels: Sequence[str]) -> None:
    """Raise BadParent unless `parent` stands above `level` and is not `node_id` or one of its descendants.

    `levels` runs from the top of the tree to its leaves; steps may be skipped, never reversed.
    """
    if parent is None:
        return
    if node_id is not None and parent["_id"] == node_id:
        raise BadParent(f"{name} cannot be its own parent.")
    if node_id is not None and node_id in parent["path"]:
        raise BadParent(f"{parent['name']} is below {name}, so it cannot also stand above it.")
    if levels.index(parent["level"]) >= levels.index(level):
        raise BadParent(
            f"{parent['name']} is a {words(parent['level'])}; a {words(level)} needs a parent from a level above it "
            f"({', '.join(words(one) for one in levels)})."
        )


def check_children(name: str, level: str, children: Sequence[Node], levels: Sequence[str]) -> None:
    """Raise BadParent when a new `level` of the node would no longer stand above each of its children."""
    for child in children:
        if levels.index(child["level"]) <= levels.index(level):
            raise BadParent(
                f"{name} cannot become a {words(level)}: {child['name']} below it is a {words(child['level'])}. "
                "Move what is below first."
            )


def moved_path(path: Sequence[str], node_id: str, new_node_path: Sequence[str]) -> list[str]:
    """The path of a descendant after `node_id` moved to `new_node_path`."""
    return [*new_node_path, *path[list(path).index(node_id) + 1 :]]


def paths_from_parents(parents: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Every node's path from the parent of each; it begins where a parent is missing or would close a circle."""
    paths: dict[str, list[str]] = {}
    for node_id in parents:
        path = [node_id]
        parent = parents[node_id]
        while parent is not None and parent in parents and parent not in path:
            path.append(parent)
            parent = parents[parent]
        paths[node_id] = path[::-1]
    return paths


def words(level: str) -> str:
    """`sub_brand` as `sub-brand`, `sku` as `SKU`."""
    return "SKU" if level == "sku" else level.replace("_", "-")
