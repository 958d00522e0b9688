"""A page of nodes as it is after one of them was renamed, worked out without the database; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.paging import cursor

# What else is different after a change of the name alone.
_TOUCHED = ("updated_at", "updated_by", "version")
RENAMED = ("id", "name", *_TOUCHED)


@dataclass
class FirstPage:
    """The first page of a list as the API gives it; `sort` as it was asked for."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int | None
    sort: str


def can_follow(where: Mapping[str, Any], sort: str) -> bool:
    """Whether a rename leaves it alone which nodes `where` has, and their order unless that is by name."""
    plain = "name" not in where and all(isinstance(value, str) for value in where.values())
    return plain and sort.removeprefix("-") not in _TOUCHED


def rename(page: FirstPage, node: Mapping[str, Any]) -> bool:
    """Work a rename (RENAMED of the node) into the page. False, with nothing done, when only the database knows the page now."""
    mine = next((item for item in page.items if item["id"] == node["id"]), None)
    if mine is not None and mine["version"] >= node["version"]:
        return True
    if page.sort.removeprefix("-") == "name" and page.next_cursor is not None and not _stays(page, node, mine):
        return False
    if mine is not None:
        mine.update(node)
        if page.sort.removeprefix("-") == "name":
            page.items.sort(key=_place, reverse=page.sort.startswith("-"))
            if page.next_cursor is not None:
                page.next_cursor = cursor(page.items[-1]["name"], page.items[-1]["id"])
    return True


def _stays(page: FirstPage, node: Mapping[str, Any], mine: Mapping[str, Any] | None) -> bool:
    """Whether a page sorted by name, with more after it, has the same nodes: whoever is beyond its last one stays there."""
    others = [_place(item) for item in page.items if item is not mine]
    if not others:
        return False
    last = min(others) if page.sort.startswith("-") else max(others)
    before_last = _place(node) > last if page.sort.startswith("-") else _place(node) < last
    return before_last if mine is not None else not before_last


def _place(node: Mapping[str, Any]) -> tuple[str, str]:
    """Python compares strings by code points, the database by bytes of UTF-8: the same order."""
    return node["name"], node["id"]
