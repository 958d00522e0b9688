"""Addresses, names, and which changes end sessions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.models import Role
from app.access.users.rules import email_key, ends_sessions, faults, loses_administrator, tidy_name


@pytest.mark.parametrize(
    "email", ["a@b.co", "ana.lyst+x@acme-foods.co.za", "jörg@bäcker.example", "admin@localhost", "o'neil@x.io"]
)
def test_addresses_that_are_fine(email: str) -> None:
    assert list(faults(email, "N")) == []


@pytest.mark.parametrize(
    "email",
    ["", " ", "a", "a@", "@b", "a@b@c", "a b@c.d", "a@b..c", "a@.b", "a@b.", "a\n@b.c", "<a@b.c>", "a,b@c.d", "x" * 251 + "@b.c"],
)
def test_addresses_that_are_not(email: str) -> None:
    assert [fault.field for fault in faults(email, "N")] == ["email"]


@given(st.emails())
def test_the_key_ignores_capitals_and_is_stable(email: str) -> None:
    assert email_key(email.upper()) == email_key(f" {email} ") == email_key(email_key(email))


def test_full_width_letters_are_the_same_address() -> None:
    assert email_key("ＡＮＡ@example.com") == email_key("ana@example.com")


@pytest.mark.parametrize(("given_", "tidy"), [("  A   B ", "A B"), ("A\u0000B\u200b", "AB"), ("A\tB", "A B"), (" \u200b ", "")])
def test_names_are_tidied(given_: str, tidy: str) -> None:
    assert tidy_name(given_) == tidy


def test_what_ends_sessions() -> None:
    before = {"role": "viewer", "active": True, "name": "A", "email": "a@b.c"}
    assert ends_sessions(before, {"role": "manager"})
    assert ends_sessions(before, {"active": False})
    assert not ends_sessions(before, {"role": "viewer", "active": True, "name": "B", "email": "x@y.z"})


def test_when_an_administrator_is_lost() -> None:
    admin = Role.ADMINISTRATOR
    assert loses_administrator(admin, True, admin, False)
    assert loses_administrator(admin, True, Role.VIEWER, True)
    assert not loses_administrator(admin, True, admin, True)
    assert not loses_administrator(admin, False, Role.VIEWER, False)
    assert not loses_administrator(Role.VIEWER, True, admin, True)
