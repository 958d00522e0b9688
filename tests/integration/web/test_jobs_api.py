"""The API of jobs."""

from collections.abc import Callable
from typing import Any

from app.access.models import Role
from app.core.jobs import enqueue

SignIn = Callable[[Role], Any]


def test_a_job_is_shown_to_who_may_see_it_and_hidden_from_others(as_role: SignIn) -> None:
    owner, viewer, operator = as_role(Role.ANALYST), as_role(Role.VIEWER), as_role(Role.OPERATOR)
    private = enqueue("app.nowhere:nothing", {}, title="Landing", topic="", who=owner.person.user_id)
    landing = enqueue("app.nowhere:nothing", {}, title="Landing", topic="imports/imp_1", who=owner.person.user_id)
    body = owner.get(f"/api/v1/jobs/{private}").json
    assert (body["id"], body["state"], body["done"], body["started_by"]) == (private, "queued", 0, owner.person.user_id)
    assert viewer.get(f"/api/v1/jobs/{private}").status_code == 404
    assert viewer.get(f"/api/v1/jobs/{landing}").status_code == 200
    assert operator.get(f"/api/v1/jobs/{private}").status_code == 200


def test_only_its_owner_or_an_operator_cancels_a_job(as_role: SignIn) -> None:
    owner, viewer = as_role(Role.ANALYST), as_role(Role.VIEWER)
    job = enqueue("app.nowhere:nothing", {}, title="Landing", topic="imports/imp_1", who=owner.person.user_id)
    assert viewer.post(f"/api/v1/jobs/{job}/cancel").status_code == 403
    assert owner.post(f"/api/v1/jobs/{job}/cancel").json["state"] == "cancelled"
    again = owner.post(f"/api/v1/jobs/{job}/cancel")
    assert again.status_code == 422
    assert "already ended" in again.json["detail"]


def test_jobs_need_a_sign_in_and_unknown_ones_are_not_found(client: Any, as_role: SignIn) -> None:
    assert client.get("/api/v1/jobs/job_x").status_code == 401
    assert as_role(Role.VIEWER).get("/api/v1/jobs/job_x").status_code == 404
