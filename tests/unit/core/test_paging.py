"""Cursors come from outside: whatever arrives, the answer is a page or a refusal in words, never a crash."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.core import paging
from app.core.errors import Invalid
from app.core.paging import PageRequest, find_page

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.sampled_from(["t", "d"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def cursor_of(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def condition(cursor: str, direction: int = 1) -> dict[str, Any]:
    return paging._after(cursor, "name", direction)


def refusal(cursor: str, direction: int = 1) -> Invalid | None:
    """The refusal of `cursor`; None when it became a question that the database's driver can write."""
    try:
        bson.encode(condition(cursor, direction))
    except Invalid as error:
        return error
    return None


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    refused = refusal(text)
    assert refused is None or refused.errors[0].field == "cursor"


@given(st.tuples(json_values, json_values), st.sampled_from([1, -1]))
def test_any_forged_content_is_a_question_the_database_understands_or_refused(content: Any, direction: int) -> None:
    refused = refusal(cursor_of(list(content)), direction)
    assert refused is None or refused.status == 422


HARMFUL = [b"[" * 5000, b"[%d, 1]" % 10**30, b'["\\ud800", "x"]', b"7", b'[{"d":"x"}, 1]', b'[1, {"$gt": 0}]', b"[[], 1]"]


@pytest.mark.parametrize("content", HARMFUL)
def test_known_ways_to_break_a_reader_of_cursors_are_refused(content: bytes) -> None:
    assert refusal(base64.urlsafe_b64encode(content).decode()) is not None


@pytest.mark.parametrize(
    "value", ["text", "", "Zoë", None, 7, -1.5, True, datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC), Decimal128(Decimal("1.10"))]
)
def test_a_value_survives_the_way_through_a_cursor(value: Any) -> None:
    cursor = paging._encode({"_id": "x", "a": {"b": value}}, "a.b")
    asked = paging._after(cursor, "a.b", 1)
    assert {"a.b": value, "_id": {"$gt": "x"}} in asked["$or"]


@pytest.mark.parametrize("sort", ["", "-", "secret", "name; drop", "--name", "$where"])
def test_only_whitelisted_fields_sort(sort: str) -> None:
    with pytest.raises(Invalid) as refusal:
        find_page(None, {}, PageRequest(sort), {"name": "name"})  # type: ignore[arg-type]
    assert refusal.value.errors[0].field == "sort"
