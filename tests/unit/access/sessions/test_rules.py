"""What a presented refresh token allows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.access.sessions.rules import (
    GRACE_SECONDS,
    IDLE_DAYS,
    RefreshToken,
    Session,
    Verdict,
    expiry,
    judge,
    successor,
    token_hash,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
SESSION = Session("ses_1", "usr_1", 1, AT, AT + timedelta(days=30))
FRESH = RefreshToken("h", "ses_1", AT + timedelta(days=7))
KEY = b"k" * 32


def test_the_first_use_rotates() -> None:
    assert judge(FRESH, SESSION, False, AT) is Verdict.ROTATE


def test_within_the_grace_it_is_repeated_and_later_it_is_reuse() -> None:
    used = replace(FRESH, used_at=AT)
    assert judge(used, SESSION, True, AT + timedelta(seconds=GRACE_SECONDS)) is Verdict.REPEAT
    assert judge(used, SESSION, True, AT + timedelta(seconds=GRACE_SECONDS, milliseconds=1)) is Verdict.REUSED


def test_a_successor_that_was_never_stored_is_given_again() -> None:
    assert judge(replace(FRESH, used_at=AT), SESSION, False, AT + timedelta(days=1)) is Verdict.REPEAT


@given(st.booleans(), st.booleans(), st.integers(0, 40 * 86400))
def test_nothing_revives_what_has_ended(used: bool, stored: bool, seconds: int) -> None:
    at = AT + timedelta(seconds=seconds)
    token = replace(FRESH, used_at=AT if used else None)
    assert judge(token, replace(SESSION, ended_at=AT), stored, at) is Verdict.ENDED
    if seconds >= 7 * 86400:
        assert judge(token, SESSION, stored, at) is Verdict.ENDED


def test_no_token_outlives_its_session() -> None:
    assert expiry(SESSION, AT) == AT + timedelta(days=IDLE_DAYS)
    assert expiry(SESSION, AT + timedelta(days=29)) == SESSION.expires_at


@given(st.text(min_size=1), st.binary(min_size=32, max_size=32))
def test_the_successor_is_one_and_needs_the_key(token: str, other_key: bytes) -> None:
    assert successor(token, KEY) == successor(token, KEY)
    assert successor(token, KEY) != token
    assert other_key == KEY or successor(token, KEY) != successor(token, other_key)
    assert token_hash(token) != token_hash(successor(token, KEY))
