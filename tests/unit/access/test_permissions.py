"""The permission table: complete, and careful with what it gives."""

import pytest

from app.access.models import Permission, Principal, Role
from app.access.permissions import TABLE, allowed, require
from app.core.errors import Forbidden


def person(role: Role) -> Principal:
    return Principal("usr_1", "N", "n@example.com", role)


def test_every_role_has_a_row() -> None:
    assert set(TABLE) == set(Role)


def test_only_administrators_change_users() -> None:
    assert [role for role in Role if Permission.USERS_WRITE in TABLE[role]] == [Role.ADMINISTRATOR]


def test_viewer_analyst_finance_and_operator_change_no_trade() -> None:
    writes = {permission for permission in Permission if permission.value.endswith(".write")}
    for role in (Role.VIEWER, Role.ANALYST, Role.FINANCE, Role.OPERATOR):
        assert not TABLE[role] & writes, role


def test_an_operator_sees_no_trade() -> None:
    assert TABLE[Role.OPERATOR] == {Permission.OPERATIONS_READ, Permission.AUDIT_READ}


def test_who_writes_may_read() -> None:
    for role, permissions in TABLE.items():
        for permission in permissions:
            if permission.value.endswith(".write"):
                assert Permission(permission.value.replace(".write", ".read")) in permissions, role


def test_models_are_trained_and_switched_by_those_who_answer_for_figures() -> None:
    """Everybody who plans sees what a forecast rests on."""
    managing = {role for role in Role if Permission.AI_MANAGE in TABLE[role]}
    assert managing == {Role.ADMINISTRATOR, Role.MANAGER, Role.ANALYST}
    assert {role for role in Role if Permission.AI_READ in TABLE[role]} == set(Role) - {Role.OPERATOR}


def test_require_says_what_is_missing_and_whom_to_ask() -> None:
    require(person(Role.MANAGER), Permission.AUDIT_READ)
    with pytest.raises(Forbidden, match=r"account manager.*users\.write.*administrator"):
        require(person(Role.ACCOUNT_MANAGER), Permission.USERS_WRITE)
    assert not allowed(person(Role.VIEWER), Permission.SALES_IMPORT)
