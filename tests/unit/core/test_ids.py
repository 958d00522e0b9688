"""Ids say what they are and sort by time."""

import time

import pytest

from app.core import ids


def test_ids_are_prefixed_and_unique() -> None:
    made = [ids.new_id("promotion") for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(one.startswith("prm_") and len(one) == 30 for one in made)


def test_a_later_id_sorts_after_an_earlier_one() -> None:
    earlier = ids.new_id("job")
    moment = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == moment:
        pass
    assert ids.new_id("job") > earlier


def test_every_kind_has_a_prefix_of_its_own() -> None:
    assert len(set(ids.PREFIXES.values())) == len(ids.PREFIXES)


def test_an_unknown_kind_is_a_bug() -> None:
    with pytest.raises(KeyError):
        ids.new_id("nonsense")
