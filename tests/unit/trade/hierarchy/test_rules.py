"""A tree stays a tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.hierarchy.merge import merge
from app.trade.hierarchy.rules import BadParent, check_children, check_parent, moved_path, path_under, paths_from_parents

LEVELS = ("national", "banner", "region", "store")


def node(name: str, level: str, path: list[str]) -> dict[str, object]:
    return {"_id": path[-1], "name": name, "level": level, "path": path}


def test_a_path_runs_from_the_root_to_the_node_itself() -> None:
    assert path_under("c", node("B", "banner", ["a", "b"])) == ["a", "b", "c"]
    assert path_under("a", None) == ["a"]


def test_levels_may_be_skipped_but_not_reversed() -> None:
    check_parent("s", "Store", "store", node("Country", "national", ["n"]), LEVELS)
    with pytest.raises(BadParent, match="needs a parent from a level above"):
        check_parent("n", "Country", "national", node("Store", "store", ["s"]), LEVELS)


def test_a_node_below_cannot_become_the_parent() -> None:
    with pytest.raises(BadParent, match="is below"):
        check_parent("b", "Banner", "store", node("Region", "region", ["n", "b", "r"]), LEVELS)


def test_a_node_is_not_its_own_parent() -> None:
    with pytest.raises(BadParent, match="own parent"):
        check_parent("b", "Banner", "banner", node("Banner", "banner", ["b"]), LEVELS)


def test_a_node_with_children_keeps_a_level_above_them() -> None:
    with pytest.raises(BadParent, match="Move what is below first"):
        check_children("Banner", "store", [node("Region", "region", ["b", "r"])], LEVELS)


def test_descendants_follow_a_move() -> None:
    assert moved_path(["a", "b", "c", "d"], "b", ["x", "b"]) == ["x", "b", "c", "d"]


@given(st.dictionaries(st.integers(0, 12).map(str), st.none() | st.integers(0, 14).map(str), max_size=13))
def test_any_parents_even_broken_ones_give_finite_paths_that_end_in_the_node(parents: dict[str, str | None]) -> None:
    paths = paths_from_parents(parents)
    assert set(paths) == set(parents)
    for node_id, path in paths.items():
        assert path[-1] == node_id
        assert len(set(path)) == len(path)


def test_paths_of_a_sound_tree_are_its_parents_paths_and_itself() -> None:
    parents = {"n": None, "b": "n", "s": "b"}
    assert paths_from_parents(parents) == {"n": ["n"], "b": ["n", "b"], "s": ["n", "b", "s"]}


def test_merging_takes_mine_where_i_changed_and_theirs_elsewhere() -> None:
    was = {"name": "A", "channel": "x", "terms": "30"}
    theirs = {"name": "A", "channel": "y", "terms": "60"}
    mine = {"name": "B", "channel": "x", "terms": "90"}
    merged, differences = merge(was, theirs, mine, ("name", "channel", "terms"))
    assert merged == {"name": "B", "channel": "y", "terms": "90"}
    assert [one.field for one in differences if one.both] == ["terms"]
