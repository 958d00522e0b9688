"""Who may hear what, which page may connect, and what was missed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.models import Permission as P
from app.access.models import Role
from app.access.permissions import TABLE
from app.realtime.rules import (
    START,
    Allowance,
    Kept,
    ends_sign_in,
    is_own,
    job_of,
    may_watch_job,
    missed_something,
    origin_allowed,
    parse_id,
    permission_for,
    well_formed,
    write_id,
)


@pytest.mark.parametrize(
    ("topic", "permission"),
    [
        ("customers", P.CUSTOMERS_READ),
        ("imports", P.SALES_READ),
        ("imports/imp_1", P.SALES_READ),
        ("promotions/prm_1", P.PROMOTIONS_READ),
        ("users", P.USERS_READ),
        ("customers/cus_1", None),
        ("security", None),
        ("jobs/job_1", None),
        ("people/usr_1", None),
        ("jobs", None),
        ("", None),
    ],
)
def test_each_topic_needs_its_subjects_permission(topic: str, permission: P | None) -> None:
    assert permission_for(topic) is permission


def test_nobody_at_all_may_hear_security() -> None:
    assert not any(permission_for("security") in TABLE[role] for role in Role)


def test_the_own_topic_is_nobody_elses() -> None:
    assert is_own("people/usr_1", "usr_1")
    assert not is_own("people/usr_1", "usr_2")
    assert not is_own("people/", "")
    assert not is_own("people/usr_1/x", "usr_1")


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    well_formed(text)
    permission_for(text)
    job_of(text)
    parse_id(text)


def test_a_job_may_be_watched_by_owner_operator_and_who_sees_its_subject() -> None:
    viewer, nobody = TABLE[Role.VIEWER], frozenset[P]()
    assert may_watch_job("usr_1", nobody, "usr_1", "")
    assert may_watch_job("usr_2", TABLE[Role.OPERATOR], "usr_1", "")
    assert may_watch_job("usr_2", viewer, "usr_1", "imports/imp_1")
    assert not may_watch_job("usr_2", viewer, "usr_1", "")
    assert not may_watch_job("usr_2", viewer, "usr_1", "users")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "trade.example", True),
        ("https://trade.example", "trade.example", True),
        ("https://trade.example:443", "trade.example", True),
        ("http://trade.example:8080", "trade.example:8080", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("http://trade.example:8080", "trade.example:8081", False),
        ("https://evil.example", "trade.example", False),
        ("https://trade.example.evil.example", "trade.example", False),
        ("https://eviltrade.example", "trade.example", False),
        ("null", "trade.example", False),
        ("file://trade.example", "trade.example", False),
        ("https://trade.example:99999", "trade.example", False),
        ("https://trade.example", None, False),
        ("https://other.example", "trade.example", True),
    ],
)
def test_only_pages_of_this_host_and_named_ones_connect(origin: str | None, host: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, host, frozenset({"https://other.example"})) is allowed


@given(st.tuples(st.integers(0, 10**15), st.integers(0, 10**6)))
def test_ids_survive_writing_and_reading(stream_id: tuple[int, int]) -> None:
    assert parse_id(write_id(stream_id)) == stream_id


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "-1", "1-2-3", "a-b", "1-٢", "+", "$", "9" * 50 + "-0", None, 7])
def test_what_is_no_id_is_none(text: object) -> None:
    assert parse_id(text) is None


def test_ids_compare_as_numbers_and_not_as_text() -> None:
    assert parse_id("9-0") < parse_id("10-0") < parse_id("10-2") < parse_id("10-10")  # type: ignore[operator]


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30))
def test_a_client_is_told_to_load_again_whenever_an_event_it_has_not_seen_is_gone(seen: int, length: int, dropped: int) -> None:
    """A stream that got the ids 1 ... dropped + length and kept the last `length`."""
    added = dropped + length
    since = (min(seen, added), 0)
    kept = Kept(first=(dropped + 1, 0), length=length, added=added)
    gone_unseen = dropped > since[0]
    if gone_unseen:
        assert missed_something(since, kept)
    elif since[0] > dropped:
        assert not missed_something(since, kept)


def test_an_emptied_stream_is_noticed() -> None:
    assert missed_something((5, 0), Kept(None, 0, 0))
    assert missed_something((5, 0), Kept((9, 0), 1, 1))
    assert not missed_something(START, Kept(None, 0, 0))


@pytest.mark.parametrize(
    ("kind", "data", "ends"),
    [
        ("session.ended", {"user_id": "u", "session_id": "s"}, True),
        ("session.ended", {"user_id": "u", "session_id": "other"}, False),
        ("session.ended", {"user_id": "someone", "session_id": "s"}, False),
        ("user.changed", {"user_id": "u", "kept": ""}, True),
        ("user.changed", {"user_id": "u", "kept": "s"}, False),
        ("user.changed", {"user_id": "u", "kept": "other"}, True),
        ("sign_in", {"user_id": "u", "session_id": "s"}, False),
        ("sign_in.failed", {"subject": "u"}, False),
    ],
)
def test_security_events_end_the_sign_ins_they_concern(kind: str, data: dict[str, str], ends: bool) -> None:
    assert ends_sign_in(kind, data, "u", "s") is ends


def test_a_sign_in_without_a_session_ends_with_any_news_of_its_person() -> None:
    assert ends_sign_in("session.ended", {"user_id": "u", "session_id": "x"}, "u", "")


def test_the_allowance_lets_a_burst_through_and_then_a_rate() -> None:
    allowance = Allowance(per_second=2, burst=3, level=3, at=0.0)
    assert [allowance.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take(0.5)
    assert not allowance.take(0.5)
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
