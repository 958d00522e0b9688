"""Leases over HTTP: taken, listed, refused with who and until when, extended by asking again, ended by anybody who operates."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.supervisor.pages.test_operating import Api

BODY: dict[str, Any] = {"name": "update", "services": ["ai", "nginx"], "seconds": 600, "holder": "deploy.sh", "why": "version 2"}


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


def test_a_lease_is_taken_listed_and_released(api: Api) -> None:
    assert api.send("GET", "/leases").json == {"leases": []}
    taken = api.send("POST", "/leases", json=BODY)
    assert taken.status_code == 201
    assert taken.json["until"] > taken.json["taken_at"]  # type: ignore[index]
    assert api.send("GET", "/leases").json == {"leases": [taken.json]}
    assert api.send("DELETE", "/leases/update?who=Ada").status_code == 200
    assert api.send("GET", "/leases").json == {"leases": []}
    assert "maintenance update is over, says Ada" in api.world.notes


def test_asking_again_extends_it(api: Api) -> None:
    api.send("POST", "/leases", json=BODY)
    api.world.advance(300)
    again = api.send("POST", "/leases", json=BODY)
    assert again.status_code == 200
    api.world.advance(400)
    assert api.world.phase("ai").value == "maintenance"


def test_a_second_holder_is_told_who_why_and_until_when(api: Api) -> None:
    api.send("POST", "/leases", json=BODY)
    refused = api.send("POST", "/leases", json={**BODY, "name": "backup", "holder": "nightly", "services": "all"})
    assert refused.status_code == 409
    for part in ("deploy.sh", "version 2", "until 2026-03-02 08:1", "update"):
        assert part in refused.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"services": []}, "services must be"),
        ({"services": "redis"}, "services must be"),
        ({"services": [7]}, "services must be"),
        ({"services": ["nothing"]}, "no service 'nothing'"),
        ({"seconds": None}, "seconds must be a number"),
        ({"seconds": True}, "seconds must be a number"),
        ({"seconds": 1e99}, "from 10 to 86400"),
        ({"seconds": 0}, "from 10 to 86400"),
        ({"name": "A b"}, "does not fit"),
        ({"name": None}, "does not fit"),
        ({"why": ""}, "Say who holds it"),
    ],
)
def test_what_makes_no_sense_is_refused(api: Api, change: dict[str, Any], says: str) -> None:
    answer = api.send("POST", "/leases", json={**BODY, **change})
    assert answer.status_code == 422
    assert says in answer.json["detail"]  # type: ignore[index]
    assert api.world.state.leases == {}


def test_releasing_what_is_not_held_says_so(api: Api) -> None:
    assert "no maintenance 'update' now" in api.send("DELETE", "/leases/update").json["detail"]  # type: ignore[index]


def test_health_says_maintenance_with_until_and_why(api: Api) -> None:
    api.send("POST", "/leases", json=BODY)
    quiet = api.browser.get("/health")
    assert (quiet.status_code, quiet.json["status"]) == (200, "maintenance")  # type: ignore[index]
    assert quiet.json["summary"] == "Maintenance until 08:10 UTC: version 2"  # type: ignore[index]
    assert quiet.json["maintenance"][0]["services"] == ["ai", "nginx"]  # type: ignore[index]
    api.send("POST", "/services/nginx/stop?wait=9", json={"lease": "update"})
    away = api.browser.get("/health")
    assert (away.status_code, away.json["status"], away.json["down"]) == (503, "maintenance", ["nginx"])  # type: ignore[index]


def test_an_unplanned_failure_is_not_hidden_by_maintenance(api: Api) -> None:
    api.send("POST", "/leases", json=BODY)
    api.world.bodies["redis"].dies_after = 1
    api.world.crash("redis")
    assert api.browser.get("/health").json["status"] == "down"  # type: ignore[index]


def test_the_overview_shows_it_and_ends_it_after_asking(api: Api) -> None:
    api.send("POST", "/leases", json=BODY)
    page = api.sign_in().page()
    assert "deploy.sh works on ai, nginx until 08:10 UTC: version 2" in page
    assert 'href="/leases/update/end"' in page
    asked = api.page("/leases/update/end")
    assert "half-written data" in asked
    assert api.world.state.leases
    csrf = asked.partition('name="csrf" value="')[2].partition('"')[0]
    assert api.browser.post("/leases/update/end", data={"csrf": csrf}).status_code == 303
    assert api.world.state.leases == {}
    assert api.browser.post("/leases/update/end", data={"csrf": csrf}).status_code == 303
    assert "over already" in api.page()


def test_maintenance_is_begun_on_the_overview(api: Api) -> None:
    assert 'href="/leases/begin"' in api.sign_in().page()
    page = api.page("/leases/begin")
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": csrf, "services": ["ai", "nginx"], "seconds": "1800", "why": "a new disk", "who": "Ada"}
    assert api.browser.post("/leases/begin", data=form).location == "/"
    (lease,) = api.world.state.leases.values()
    assert (lease.services, lease.seconds, lease.holder, lease.why) == (("ai", "nginx"), 1800, "Ada", "a new disk")
    again = api.browser.post("/leases/begin", data={**form, "who": "Bo"})
    assert again.location == "/leases/begin"
    assert "Ada works on ai, nginx until" in api.page("/leases/begin")


def test_without_a_tick_all_services_are_meant_and_without_a_reason_none(api: Api) -> None:
    csrf = api.sign_in().csrf()
    assert api.browser.post("/leases/begin", data={"csrf": csrf, "seconds": "1800", "why": ""}).location == "/leases/begin"
    assert api.world.state.leases == {}
    api.browser.post("/leases/begin", data={"csrf": csrf, "seconds": "1800", "why": "moving"})
    (lease,) = api.world.state.leases.values()
    assert set(lease.services) == set(api.world.state.services)
    assert api.browser.post("/leases/begin", data={"seconds": "1800", "why": "moving"}).status_code == 403
