"""What the supervisor must hear of is reported by the app: failed sign-ins, lock-outs, roles, refusals, the chain."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.access.audit import watch
from app.access.models import Role
from app.access.sign_in.rules import ACCOUNT_FAILURES
from app.core.mongo import Db
from app.core.security_events import FIELD, STREAM
from app.worker.schedules import SCHEDULES

WRONG = "wrong horse battery staple"


@pytest.fixture
def reported(redis_client: Any) -> Callable[[str], list[dict[str, Any]]]:
    """`reported("sign_in.failed")`: the events of that kind, oldest first."""

    def of_kind(kind: str) -> list[dict[str, Any]]:
        events = [json.loads(fields[FIELD]) for _id, fields in redis_client.xrange(STREAM)]
        return [event for event in events if event["kind"] == kind]

    return of_kind


def _attempt(client: Any, email: str, password: str = WRONG) -> int:
    headers = {"X-Forwarded-For": "198.51.100.1"}
    return int(client.post("/api/v1/auth/token", json={"email": email, "password": password}, headers=headers).status_code)


def test_failed_sign_ins_a_lock_out_and_what_is_refused_after(
    client: Any, add_user: Any, reported: Any, redis_client: Any
) -> None:
    user = add_user("viewer", email="vera@example.com")
    statuses = [_attempt(client, "vera@example.com") for _each in range(ACCOUNT_FAILURES + 1)]
    assert statuses[-1] == 429
    assert [event["subject"] for event in reported("sign_in.failed")] == [user.user_id] * ACCOUNT_FAILURES
    assert len(reported("sign_in.locked")) == 1
    assert len(reported("sign_in.refused")) == 1
    assert all(event["address"] == "198.51.100.1" for event in reported("sign_in.failed"))
    assert "vera@example.com" not in str(redis_client.xrange(STREAM))
    assert WRONG not in str(redis_client.xrange(STREAM))


def test_an_unknown_address_is_a_fingerprint(client: Any, reported: Any, redis_client: Any) -> None:
    _attempt(client, "my-password-typed-in-the-wrong-field")
    (event,) = reported("sign_in.failed")
    assert event["subject"].startswith("unknown:")
    assert "my-password" not in str(redis_client.xrange(STREAM))


def test_a_refused_permission_names_it_and_the_pattern_of_the_address(as_role: Any, reported: Any) -> None:
    viewer = as_role(Role.VIEWER)
    assert viewer.get("/api/v1/audit").status_code == 403
    (event,) = reported("access.refused")
    assert (event["subject"], event["permission"], event["endpoint"]) == (viewer.person.user_id, "audit.read", "/api/v1/audit")


def test_reaching_for_an_administrators_rights_is_an_attempt(as_role: Any, add_user: Any, reported: Any) -> None:
    manager, user = as_role(Role.MANAGER), add_user("viewer")
    body = {"role": "administrator", "version": user.version}
    assert manager.patch(f"/api/v1/users/{user.user_id}", json=body).status_code == 403
    administrator = as_role(Role.ADMINISTRATOR)
    body = {"role": "viewer", "version": administrator.person.version}
    assert administrator.patch(f"/api/v1/users/{administrator.person.user_id}", json=body).status_code == 409
    assert [event["subject"] for event in reported("privilege.attempt")] == [manager.person.user_id, administrator.person.user_id]


def test_new_administrators_and_changed_roles_are_reported(as_role: Any, add_user: Any, reported: Any) -> None:
    administrator, user = as_role(Role.ADMINISTRATOR), add_user("viewer")
    before = len(reported("privilege.changed"))
    body = {"role": "administrator", "version": user.version}
    assert administrator.patch(f"/api/v1/users/{user.user_id}", json=body).status_code == 200
    (changed,) = reported("privilege.changed")[before:]
    assert (changed["subject"], changed["by"]) == (user.user_id, administrator.person.user_id)
    assert (changed["before"], changed["after"]) == ("viewer", "administrator")


def test_the_jobs_that_verify_the_chain_report_what_they_find(as_role: Any, mongo: Db, reported: Any) -> None:
    as_role(Role.ADMINISTRATOR)
    assert watch.verify_newest(None)["ok"]  # type: ignore[arg-type]
    mongo["audit"].update_one({"_id": 1}, {"$set": {"actor": "nobody"}})
    assert not watch.verify_all(None)["ok"]  # type: ignore[arg-type]
    good, bad = reported("audit.verified")
    assert (good["ok"], good["whole"]) == (True, False)
    assert (bad["ok"], bad["whole"], bad["broken_at"]) == (False, True, 1)
    assert bad["reason"]


def test_both_checks_are_scheduled() -> None:
    paths = {schedule.path for schedule in SCHEDULES}
    assert {"app.access.audit.watch:verify_all", "app.access.audit.watch:verify_newest"} <= paths
