"""Access tokens: only what we signed, with a key in use, not expired, and nothing but HS256."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from app.access import keys, tokens
from app.access.models import Role
from app.access.users.models import User
from app.core import clock
from app.core.errors import Unauthenticated
from app.core.settings import SecretStr

USER = User("usr_1", "Ana", "ana@example.com", Role.ANALYST, token_version=3)


def ring(current: str, **by_kid: bytes) -> str:
    return json.dumps({"current": current, "keys": {kid: base64.b64encode(key).decode() for kid, key in by_kid.items()}})


@pytest.fixture
def use_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`use_keys(text)`: what the secret file holds from now on."""

    def use(text: str, *, restarted: bool = True) -> None:
        monkeypatch.setattr(keys, "read_secret", lambda name: SecretStr(text if name == "jwt_keys" else "s" * 40))
        if restarted:
            keys.forget()
            tokens.forget()

    use(ring("a", a=b"a" * 32))
    yield use
    monkeypatch.undo()
    keys.forget()
    tokens.forget()


def test_it_says_who_acts(use_keys: Any) -> None:
    claims = tokens.read(tokens.access_token_for(USER, "ses_1"))
    assert claims.principal.role is Role.ANALYST
    assert (claims.principal.user_id, claims.session_id, claims.token_version, claims.must_change_password) == (
        "usr_1",
        "ses_1",
        3,
        False,
    )


def test_it_names_its_key_and_lasts_15_minutes(use_keys: Any) -> None:
    token = tokens.access_token_for(USER)
    body = jwt.decode(token, options={"verify_signature": False})
    assert jwt.get_unverified_header(token)["kid"] == "a"
    assert body["exp"] - body["iat"] == 900


def test_old_keys_verify_after_a_rotation_and_removed_ones_do_not(use_keys: Any) -> None:
    old = tokens.access_token_for(USER)
    use_keys(ring("b", a=b"a" * 32, b=b"b" * 32))
    new = tokens.access_token_for(USER)
    assert jwt.get_unverified_header(new)["kid"] == "b"
    assert tokens.read(old).principal.user_id == tokens.read(new).principal.user_id == "usr_1"
    use_keys(ring("b", b=b"b" * 32))
    with pytest.raises(Unauthenticated):
        tokens.read(old)


def test_a_new_key_is_found_without_a_restart(use_keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.signing()
    use_keys(ring("b", a=b"a" * 32, b=b"b" * 32), restarted=False)
    foreign = jwt.encode(
        {"iss": "tradeai", "sub": "usr_1", "name": "", "email": "", "role": "viewer", "tv": 1, "iat": 1, "exp": 2**40},
        b"b" * 32, "HS256", headers={"kid": "b"},
    )  # fmt: skip
    with pytest.raises(Unauthenticated):
        tokens.read(foreign)  # read a moment ago: not again at once, or anyone could make us read the file all day
    monkeypatch.setattr(keys, "_RELOAD_SECONDS", -1.0)
    assert tokens.read(foreign).principal.user_id == "usr_1"


def test_an_expired_token_is_refused(use_keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = clock.FixedClock(clock.now())
    monkeypatch.setattr(clock, "SYSTEM", standing)
    token, unread = tokens.access_token_for(USER), tokens.access_token_for(USER, "ses_2")
    standing.advance(899)
    assert tokens.read(token)
    standing.advance(1)
    for expired in (token, unread):
        with pytest.raises(Unauthenticated, match="expired"):
            tokens.read(expired)


def forged(key: Any = b"a" * 32, algorithm: str = "HS256", kid: Any = "a", **changes: Any) -> str:
    body = {
        "iss": "tradeai",
        "sub": "usr_1",
        "name": "",
        "email": "",
        "role": "administrator",
        "tv": 1,
        "iat": 1,
        "exp": 2**40,
        **changes,
    }
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, key, algorithm, headers={"kid": kid} if kid is not None else {})


def test_the_forger_used_here_would_succeed_with_everything_right(use_keys: Any) -> None:
    assert tokens.read(forged()).principal.role is Role.ADMINISTRATOR


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "a.b.c", "ü.ü.ü",
        forged(key=b"x" * 32),
        forged(key=None, algorithm="none"),
        forged(algorithm="HS512", key=b"a" * 64),
        forged(kid=None),
        forged(kid="unknown"),
        forged(kid="../../etc/passwd"),
        forged(iss="somebody"),
        forged(iss=None),
        forged(exp=None),
        forged(exp=1),
        forged(exp="tomorrow"),
        forged(exp=[]),
        forged(sub=None),
        forged(role="emperor"),
        forged(tv="many"),
        forged(tv=None),
        forged(iat=2**40),
    ],
)  # fmt: skip
def test_forgeries_are_refused(use_keys: Any, token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(token)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"current": "a", "keys": {}}', ring("b", a=b"a" * 32), ring("a", a=b"short"),
        '{"current": "a", "keys": {"a": "not base64!"}}', '{"current": "a", "keys": ["a"]}', '{"current": "a", "keys": {"a": 7}}',
    ],
)  # fmt: skip
def test_a_damaged_key_file_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(keys.UnusableKeys) as caught:
        keys.parse(text)
    assert "short" not in str(caught.value).replace("shorter", "")


def test_keys_for_different_purposes_differ(use_keys: Any) -> None:
    assert keys.derived("csrf") != keys.derived("refresh")
    assert len(keys.derived("csrf")) == 32
