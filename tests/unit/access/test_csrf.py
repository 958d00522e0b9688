"""CSRF tokens belong to one session, and differ on every page."""

from hypothesis import given
from hypothesis import strategies as st

from app.access import csrf

NONCE = b"123456789"


def test_a_token_is_for_one_session() -> None:
    token = csrf.sign("ses_1", NONCE)
    assert csrf.valid(token, "ses_1")
    assert not csrf.valid(token, "ses_2")
    assert csrf.sign("ses_1", b"987654321") != token


@given(st.integers(0, 54), st.characters(codec="ascii", categories=("L", "N")))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    token = csrf.sign("ses_1", NONCE)
    changed = token[:place] + letter + token[place + 1 :]
    assert csrf.valid(changed, "ses_1") == (changed == token)


@given(st.text(max_size=80))
def test_anything_else_is_refused(given_: str) -> None:
    assert not csrf.valid(given_, "ses_1")
