"""A page after a rename is the page that the database would give."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.paging import cursor
from app.trade.hierarchy.renames import FirstPage, can_follow, rename

NAMES = st.text("abé😀Z ", max_size=3)


def first_page(nodes: list[dict[str, Any]], sort: str, limit: int) -> FirstPage:
    """As find_page answers."""
    field = sort.removeprefix("-")
    ordered = sorted(nodes, key=lambda node: (node[field].encode(), node["id"].encode()), reverse=sort.startswith("-"))
    items = [dict(node) for node in ordered[:limit]]
    more = cursor(items[-1][field], items[-1]["id"]) if len(ordered) > limit else None
    return FirstPage(items, more, len(nodes), sort)


def renamed(node: dict[str, Any], name: str) -> dict[str, Any]:
    node.update(name=name, version=node["version"] + 1, updated_by="someone", updated_at=f"at {node['version']}")
    return {name: node[name] for name in ("id", "name", "updated_at", "updated_by", "version")}


def node(letter: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"cus_{letter}", "code": letter, "name": letter, "version": 1, "updated_at": "", "updated_by": "", **fields}


@given(
    st.lists(NAMES, min_size=1, max_size=8),
    st.sampled_from(["name", "-name", "code", "-code"]),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 7), NAMES), min_size=1, max_size=6),
)
def test_a_page_that_follows_is_the_page_of_the_database(
    names: list[str], sort: str, limit: int, changes: list[tuple[int, str]]
) -> None:
    nodes = [node(str(number), code=f"c{-number}", name=name) for number, name in enumerate(names)]
    page = first_page(nodes, sort, limit)
    for number, name in changes:
        told = renamed(nodes[number % len(nodes)], name)
        before = copy.deepcopy(page)
        if not rename(page, told):
            assert page == before, "something was done though it cannot follow"
            page = first_page(nodes, sort, limit)
        assert page == first_page(nodes, sort, limit)


def test_the_usual_rename_needs_no_database() -> None:
    nodes = [node(letter) for letter in "abcdef"]
    for sort in ("name", "code", "-code"):
        page = first_page(nodes, sort, 4)
        assert rename(page, renamed(nodes[3 if sort == "-code" else 1], nodes[1]["name"] + " *"))


def test_what_was_told_late_changes_nothing() -> None:
    one = node("a", name="old")
    page = first_page([one], "name", 5)
    first, second = renamed(one, "first"), renamed(one, "second")
    assert rename(page, second)
    assert rename(page, first)
    assert page.items[0]["name"] == "second"


@pytest.mark.parametrize(
    ("where", "sort", "follows"),
    [
        ({}, "name", True),
        ({"level": "store", "path": "cus_a"}, "-code", True),
        ({"name": "x"}, "code", False),
        ({"$or": [{"name": {"$regex": "x"}}]}, "code", False),
        ({}, "updated_at", False),
        ({}, "-updated_at", False),
    ],
)
def test_only_what_a_rename_cannot_move_follows(where: dict[str, Any], sort: str, follows: bool) -> None:
    assert can_follow(where, sort) is follows
