"""The chain: any entry that is changed, moved, dropped or inserted breaks it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.access.audit.rules import GENESIS, Break, Link, changed_fields, digest, follow, plain

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def chain(count: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        entry = {
            "_id": seq,
            "at": datetime(2026, 1, 1, tzinfo=UTC),
            "actor": "usr_1",
            "action": "x",
            "after": {"n": seq},
            "prev": previous,
        }
        entry["hash"] = previous = digest(entry)
        entries.append(entry)
    return entries


def walk(entries: list[dict[str, Any]]) -> Link | Break:
    link = Link()
    for entry in entries:
        step = follow(link, entry)
        if isinstance(step, Break):
            return step
        link = step
    return link


def test_an_untouched_chain_holds() -> None:
    entries = chain(5)
    assert walk(entries) == Link(5, entries[-1]["hash"])


@given(st.integers(1, 6), st.sampled_from(["actor", "action", "after", "at", "prev", "hash"]))
def test_a_changed_field_breaks_it_there(seq: int, field: str) -> None:
    entries = chain(6)
    entries[seq - 1][field] = {"after": {"n": -1}, "at": datetime(2027, 1, 1, tzinfo=UTC)}.get(field, "changed")
    found = walk(entries)
    assert isinstance(found, Break)
    assert found.seq == seq


@given(st.integers(1, 5))
def test_a_dropped_entry_breaks_it_there(seq: int) -> None:
    entries = chain(6)
    del entries[seq - 1]
    assert walk(entries) == Break(seq, f"entry {seq} is missing")


def test_swapped_and_added_fields_break_it() -> None:
    entries = chain(4)
    entries[1]["after"], entries[2]["after"] = entries[2]["after"], entries[1]["after"]
    assert walk(entries).seq == 2
    entries = chain(4)
    entries[2]["extra"] = 1
    assert walk(entries).seq == 3


@given(values)
def test_plain_values_do_not_change_when_made_plain_again(value: Any) -> None:
    once = plain(value)
    assert plain(once) == once


@given(st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_the_digest_does_not_depend_on_the_order_of_fields(fields: dict[str, Any]) -> None:
    entry = {"_id": 1, "after": plain(fields)}
    assert digest(entry) == digest(dict(reversed(entry.items()))) == digest({**entry, "hash": "x"})


def test_secrets_are_hidden_but_facts_about_them_are_kept() -> None:
    hidden = plain(
        {"password": "a", "refresh_token": "b", "password_hash": "c", "must_change_password": True, "deep": [{"secret": 1}]}
    )
    assert hidden == {
        "password": "[hidden]", "refresh_token": "[hidden]", "password_hash": "[hidden]", "must_change_password": True,
        "deep": [{"secret": "[hidden]"}],
    }  # fmt: skip


def test_changed_fields_names_only_what_differs() -> None:
    assert changed_fields({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == [("b", 2, 3), ("c", None, 4)]
    assert changed_fields(None, {"a": 1}) == [("a", None, 1)]
