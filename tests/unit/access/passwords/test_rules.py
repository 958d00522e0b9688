"""Which passwords are refused, and that ordinary good ones are not."""

import pytest

from app.access.passwords import hashing
from app.access.passwords.common import common
from app.access.passwords.rules import LONGEST, fault, normalised

EMAIL, NAME = "thandi.nkosi@acme-foods.example", "Thandi Nkosi"


def refused(password: str) -> str | None:
    return fault(password, EMAIL, NAME, common())


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "mefip-rukaz-tolib-waxen-392",
        "ñandú veloz cruzó ayer",
        "пароль из четырёх слов тут",
        "x7#kQ9!vLm2$",
        "seven purple tractors waltzing",
        "a" * 3 + "bcd zebra quilt " * 15,
    ],
)
def test_good_ones_pass(password: str) -> None:
    assert refused(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "at least 12"),
        ("", "at least 12"),
        ("x" * (LONGEST + 1), "at most"),
        ("aaaaaaaaaaaaaa", "different"),
        ("abababababababab", "different"),
        ("abcdefghijkl", "alphabet"),
        ("qwertyuiop12345", "alphabet"),
        ("0987654321qwerty", "alphabet"),
        ("1qaz2wsx3edc", "tried first"),
        ("PASSWORD123!", "tried first"),
        ("p@ssw0rd!!!!1", "tried first"),
        ("123dragon4567", "tried first"),
        ("sunshine2026!", "tried first"),
        ("liverpoolliverpool", "tried first"),
        ("Finalfantasy", "tried first"),
        ("thandi.nkosi@acme-foods.example", "name"),
        ("my-thandi-is-great", "name"),
        ("NKOSI forever 88", "name"),
        ("I love acme-foods so", "name"),
        ("tradeai is my tool", "name"),
    ],
)
def test_bad_ones_say_what_to_do(password: str, why: str) -> None:
    assert why in str(refused(password))


def test_the_list_is_there_and_folded() -> None:
    words = common()
    assert len(words) > 10_000
    assert all(word == word.casefold() for word in words)
    assert {"password", "qwerty", "finalfantasy"} <= words


def test_generated_ones_are_good_and_differ() -> None:
    made = {hashing.generate() for _ in range(200)}
    assert len(made) == 200
    assert all(refused(password) is None for password in made)


def test_two_keyboards_give_one_password() -> None:
    composed, decomposed = "caf\u00e9 au lait demain", "cafe\u0301 au lait demain"
    assert composed != decomposed
    assert normalised(composed) == normalised(decomposed)
    with hashing.slot():
        assert hashing.verify_in_slot(hashing._hasher.hash(normalised(composed)), decomposed)


def test_hashes_are_argon2id_with_the_stated_cost() -> None:
    stored = hashing.hash_password("correct horse battery staple")
    assert stored.startswith(f"$argon2id$v=19$m={19 * 1024},t=3,p=1$")
    with hashing.slot():
        assert hashing.verify_in_slot(stored, "correct horse battery staple")
        assert not hashing.verify_in_slot(stored, "correct horse battery stable")
        assert not hashing.verify_in_slot(None, "correct horse battery staple")
        assert not hashing.verify_in_slot("not a hash", "correct horse battery staple")
    assert not hashing.outdated(stored)


def test_whoever_waits_too_long_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.core.errors import TooManyRequests

    monkeypatch.setattr(hashing, "_WAIT_SECONDS", 0.01)
    with hashing.slot(), hashing.slot(), pytest.raises(TooManyRequests), hashing.slot():
        pass
    with hashing.slot():
        pass
