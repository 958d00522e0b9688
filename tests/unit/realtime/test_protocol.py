"""What goes over the wire."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.core.events import decode
from app.realtime import protocol

json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
words = st.text(min_size=1, max_size=12)


@given(words, words, st.dictionaries(words, json_data, max_size=3))
def test_an_event_is_written_as_core_describes_it(topic: str, kind: str, data: dict[str, object]) -> None:
    fields = {"topic": topic, "type": kind, "data": json.dumps(data), "actor": "usr_1", "at": "2026-03-02T09:00:00.000Z"}
    assert json.loads(protocol.event("1-1", fields)) == decode("1-1", fields).message()


@given(st.text() | st.binary())
def test_whatever_a_client_sends_is_a_message_or_none(text: str | bytes) -> None:
    message = protocol.read(text)
    assert message is None or isinstance(message["type"], str)


def test_deep_nesting_is_no_message() -> None:
    assert protocol.read("[" * 4000) is None


def test_the_welcome_says_what_a_client_needs() -> None:
    message = json.loads(protocol.welcome("5-0"))
    assert message["type"] == "welcome"
    assert message["resume_from"] == "5-0"
    assert message["server_time"].endswith("Z")
