"""Administering users by API, page and command line."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.access.models import Permission, Principal, Role
from app.access.permissions import TABLE
from app.access.users import service as users
from app.access.users.models import UserChange
from app.core.errors import Conflict

PASSWORD = "correct horse battery staple"


def test_a_new_user_gets_a_password_once_and_must_change_it(as_role: Any, client: Any, mongo: Any) -> None:
    administrator = as_role("administrator")
    made = administrator.post("/api/v1/users", json={"email": "New@Example.com", "name": "  New   Person ", "role": "finance"})
    assert made.status_code == 201
    assert (made.json["name"], made.json["must_change_password"]) == ("New Person", True)
    assert len(made.json["password"]) >= 20
    shown = administrator.get(f"/api/v1/users/{made.json['id']}").json
    assert "password" not in shown
    assert "password_hash" not in shown
    signed_in = client.post("/api/v1/auth/token", json={"email": "new@example.com", "password": made.json["password"]})
    assert signed_in.json["must_change_password"] is True
    assert mongo.users.find_one({"email_key": "new@example.com"})["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a@b@example.com"}, "email"),
        ({"name": " \u200b "}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "new.person forever"}, "password"),
        ({"role": "emperor"}, "role"),
    ],
)
def test_each_wrong_field_is_named(as_role: Any, body: dict[str, str], field: str) -> None:
    whole = {"email": "new.person@example.com", "name": "New Person", "role": "viewer", **body}
    answer = as_role("administrator").post("/api/v1/users", json=whole)
    assert answer.status_code == 422
    assert any(field in error["field"] for error in answer.json["errors"])


def test_an_address_is_taken_whatever_its_capitals(as_role: Any, add_user: Any) -> None:
    add_user(email="Taken@Example.com")
    body = {"email": "tAKEN@example.COM", "name": "Other", "role": "viewer"}
    answer = as_role("administrator").post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "email")


def test_the_same_address_added_at_once_is_added_once(mongo: Any, redis_client: Any) -> None:
    def add(number: int) -> bool:
        try:
            users.create(
                Principal.system("tests"), email="same@example.com" if number % 2 else "SAME@example.com", name="S",
                role=Role.VIEWER, password=PASSWORD,
            )  # fmt: skip
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(8))) == [False] * 7 + [True]


def test_the_slower_of_two_edits_loses(as_role: Any, add_user: Any) -> None:
    administrator, user = as_role("administrator"), add_user()
    path = f"/api/v1/users/{user.user_id}"
    assert administrator.patch(path, json={"version": 1, "name": "First"}).json["version"] == 2
    answer = administrator.patch(path, json={"version": 1, "name": "Second"})
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/stale")
    assert administrator.get(path).json["name"] == "First"


def test_a_stale_deactivation_ends_no_session(as_role: Any, add_user: Any, tokens_of: Any, client: Any, bearer: Any) -> None:
    administrator, user = as_role("administrator"), add_user()
    pair = tokens_of(user)
    assert administrator.patch(f"/api/v1/users/{user.user_id}", json={"version": 7, "active": False}).status_code == 409
    assert client.get("/api/v1/auth/me", headers=bearer(pair["access_token"])).status_code == 200


def test_nobody_changes_the_own_role(as_role: Any) -> None:
    administrator = as_role("administrator")
    path = f"/api/v1/users/{administrator.person.user_id}"
    for change in ({"role": "viewer"}, {"active": False}):
        assert administrator.patch(path, json={"version": 1, **change}).status_code == 409
    assert administrator.patch(path, json={"version": 1, "name": "New Name", "role": "administrator"}).status_code == 200


def test_the_last_administrator_stays(add_user: Any) -> None:
    only = add_user("administrator")
    with pytest.raises(Conflict, match="last active administrator"):
        users.update(Principal.system("cli"), only.user_id, UserChange(version=1, active=False))
    kept = users.get(Principal.system("cli"), only.user_id)
    assert (kept.active, kept.role, kept.token_version) == (True, "administrator", 1)


def test_two_administrators_removing_each_other_at_once_leave_one(add_user: Any) -> None:
    for _ in range(5):
        one, other = add_user("administrator"), add_user("administrator")

        def remove(pair: Any) -> bool:
            who, whom = pair
            try:
                users.update(who, whom.user_id, UserChange(version=1, active=False))
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(remove, [(one, other), (other, one)]))
        assert users.store.active_administrators() >= 1
        for person in (one, other):
            users.store.database().users.delete_one({"_id": person.user_id})


def test_what_each_role_may_do_with_users(as_role: Any, add_user: Any) -> None:
    target = add_user()
    for role, permissions in TABLE.items():
        client = as_role(role)
        reads = 200 if Permission.USERS_READ in permissions else 403
        writes = Permission.USERS_WRITE in permissions
        assert client.get("/api/v1/users").status_code == reads, role
        assert client.get("/settings/users").status_code == reads, role
        assert client.get(f"/api/v1/users/{target.user_id}").status_code == reads, role
        assert client.get(f"/api/v1/users/{client.person.user_id}").status_code == 200, role
        made = client.post("/api/v1/users", json={"email": f"{role.value}@example.org", "name": "N", "role": "viewer"})
        assert made.status_code == (201 if writes else 403), role
        if not writes:
            path = f"/api/v1/users/{target.user_id}"
            assert client.patch(path, json={"version": 1, "role": "administrator"}).status_code == 403, role
            assert client.post(f"{path}/reset-password", json={"version": 1}).status_code == 403, role
            assert client.post("/settings/users/new", data={}).status_code == 403, role
            assert client.get("/settings/users/new").status_code == 403, role


def test_list_searches_filters_sorts_and_pages(as_role: Any, add_user: Any) -> None:
    for number in range(5):
        add_user("analyst", email=f"ana{number}@example.org")
    client = as_role("administrator")
    found = client.get("/api/v1/users?q=ANA&sort=-email&limit=2").json
    assert (found["total"], [user["email"] for user in found["items"]]) == (5, ["ana4@example.org", "ana3@example.org"])
    more = client.get(f"/api/v1/users?q=ANA&sort=-email&limit=2&cursor={found['next_cursor']}").json
    assert [user["email"] for user in more["items"]] == ["ana2@example.org", "ana1@example.org"]
    assert client.get("/api/v1/users?role=viewer").json["total"] == 0
    assert client.get("/api/v1/users?q=.*").json["total"] == 0
    assert client.get("/api/v1/users?sort=password_hash").status_code == 422
    assert client.get("/api/v1/users?cursor=nonsense").status_code == 422


def test_pages_add_change_deactivate_and_reset(browser: Any, add_user: Any, new_browser: Any, audited: Any) -> None:
    administrator, person = add_user("administrator"), add_user("viewer")
    browser.sign_in(administrator.email)
    assert person.email in browser.get("/settings/users").get_data(as_text=True)
    bad = browser.post("/settings/users/new", {"email": "x", "name": "Typed", "role": "viewer"}, form_at="/settings/users/new")
    assert (bad.status_code, 'value="Typed"' in bad.get_data(as_text=True)) == (422, True)

    path = f"/settings/users/{person.user_id}"
    form = {"version": "1", "name": "Changed", "email": person.email, "role": "analyst"}
    assert browser.post(path, form, form_at=path).status_code == 303
    stale = browser.post(path, form, form_at=path)
    assert (stale.status_code, "changed by somebody else" in stale.get_data(as_text=True)) == (409, True)

    reset = browser.post(f"{path}/reset-password", {"version": "2"}, form_at=path)
    assert "shown once" in reset.get_data(as_text=True)
    assert browser.post(f"{path}/activity", {"version": "3", "active": "no"}, form_at=path).status_code == 303
    assert "Activate" in browser.get(path).get_data(as_text=True)
    assert new_browser().sign_in(person.email).status_code == 401
    own = f"/settings/users/{administrator.user_id}"
    refused = browser.post(f"{own}/activity", {"version": "1", "active": "no"}, form_at=own)
    assert (refused.status_code, "another administrator" in refused.get_data(as_text=True)) == (409, True)
    assert len(audited("user.changed")) == 2
    assert browser.post(path, {"version": "x"}, form_at=path).status_code == 400
    assert (
        browser.post(
            "/settings/users/new", {"email": "a@b.example", "name": "N", "role": "x"}, form_at="/settings/users/new"
        ).status_code
        == 400
    )
    assert browser.get("/settings/users?format=csv").get_data(as_text=True).count("@example.com") == 2


@pytest.fixture
def tradeai(mongo: Any, redis_client: Any) -> Callable[..., Result]:
    """`tradeai("user", "list")`: the command in this process; standard output only."""
    from app.cli.app import tradeai as command

    return lambda *words, given=None: CliRunner().invoke(command, list(words), input=given)


def test_command_adds_lists_and_resets(tradeai: Any, client: Any) -> None:
    made = json.loads(tradeai("user", "add", "first@example.com", "--name", "First", "--role", "administrator", "--json").stdout)
    assert (made["role"], made["must_change_password"], made["created"]) == ("administrator", True, True)
    answer = client.post("/api/v1/auth/token", json={"email": "first@example.com", "password": made["password"]})
    assert answer.json["must_change_password"] is True
    again = tradeai("user", "add", "FIRST@example.com", "--json")
    assert (again.exit_code, json.loads(again.stdout)["error"]["status"]) == (1, 409)
    missing = json.loads(tradeai("user", "add", "FIRST@example.com", "--if-missing", "--json").stdout)
    assert (missing["created"], missing["password"]) == (False, None)

    piped = tradeai("user", "add", "piped@example.com", "--password-stdin", given=PASSWORD + "\n")
    assert piped.exit_code == 0
    assert PASSWORD not in piped.output
    token = client.post("/api/v1/auth/token", json={"email": "piped@example.com", "password": PASSWORD}).json
    assert token["must_change_password"] is False
    listed = json.loads(tradeai("user", "list", "--json").stdout)
    assert [user["email"] for user in listed["users"]] == ["first@example.com", "piped@example.com"]
    assert "piped@example.com" in tradeai("user", "list").stdout

    reset = json.loads(tradeai("user", "reset", "piped@example.com", "--json").stdout)
    assert client.post("/api/v1/auth/token", json={"email": "piped@example.com", "password": PASSWORD}).status_code == 401
    assert (
        client.post("/api/v1/auth/token", json={"email": "piped@example.com", "password": reset["password"]}).status_code == 200
    )
    assert tradeai("user", "reset", "nobody@example.com").exit_code == 1
    weak = tradeai("user", "reset", "piped@example.com", "--password-stdin", given="password\n")
    assert weak.exit_code == 1


def test_command_lets_a_deactivated_person_in_again(tradeai: Any, add_user: Any, client: Any) -> None:
    add_user("administrator")
    user = add_user()
    users.update(Principal.system("tests"), user.user_id, UserChange(version=1, active=False))
    assert tradeai("user", "reset", user.email).exit_code == 1
    given = json.loads(tradeai("user", "reset", user.email, "--activate", "--json").stdout)
    assert client.post("/api/v1/auth/token", json={"email": user.email, "password": given["password"]}).status_code == 200


def test_command_verifies_the_chain(tradeai: Any, add_user: Any, mongo: Any) -> None:
    add_user()
    good = tradeai("audit", "verify", "--json")
    assert (good.exit_code, json.loads(good.stdout)["ok"]) == (0, True)
    assert "holds" in tradeai("audit", "verify").stdout
    mongo.audit.update_one({"_id": 1}, {"$set": {"actor": "usr_x"}})
    bad = tradeai("audit", "verify", "--json")
    assert (bad.exit_code, json.loads(bad.stdout)["broken_at"]) == (1, 1)
    assert "BROKEN" in tradeai("audit", "verify").stdout
