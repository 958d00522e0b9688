"""Operators act over the JSON API: each wish is journaled with who and why, and its outcome is told, not guessed."""

import base64
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.supervisor.actions import Start
from app.supervisor.events import Ask, Asked
from app.supervisor.pages.signing_in import OPERATOR
from tests.unit.supervisor.pages.test_site import PASSWORD, Site
from tests.unit.supervisor.world import KEPT

_BASIC = {"Authorization": "Basic " + base64.b64encode(f"{OPERATOR}:{PASSWORD}".encode()).decode()}


class Api(Site):
    """The site and its world, where wishes are carried out while somebody waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keeper.ask = self._ask  # type: ignore[method-assign]
        self.keeper.wait_for_state = self._wait  # type: ignore[method-assign]

    def send(self, method: str, path: str, **extra: Any) -> TestResponse:
        return self.browser.open(f"/api/v1{path}", method=method, headers=_BASIC, **extra)

    def _ask(self, asked: Asked) -> str | None:
        from app.supervisor.decide.operator import refusal

        reason = refusal(self.world.state, asked)
        if reason:
            return str(reason)
        self.world.tell(asked)
        return None

    def _wait(self, holds: Any, seconds: float) -> bool:
        waited = 0.0
        while not holds(self.world.state) and waited < seconds:
            self.world.advance(1)
            waited += 1
        return bool(holds(self.world.state))


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


def test_the_list_names_every_service_with_its_state(api: Api) -> None:
    listed = api.send("GET", "/services").json["services"]  # type: ignore[index]
    assert [service["name"] for service in listed] == list(KEPT)
    assert {service["status"] for service in listed} == {"healthy"}
    assert api.send("GET", "/services/redis").json["needed_by"] == ["backend", "realtime", "worker", "nginx"]  # type: ignore[index]


def test_without_the_password_nothing_is_told_or_done(api: Api) -> None:
    assert api.browser.get("/api/v1/services").status_code == 401
    assert api.browser.post("/api/v1/services/redis/stop").status_code == 401
    assert api.world.done == []


def test_a_restart_that_is_waited_for_tells_that_it_answers(api: Api) -> None:
    answer = api.send("POST", "/services/redis/restart?wait=60", json={"who": "Ada", "reason": "it leaks"})
    assert answer.status_code == 200
    assert answer.json["outcome"] == "done"  # type: ignore[index]
    assert answer.json["detail"] == "redis was restarted and answers."  # type: ignore[index]
    assert "Ada asked to restart redis: it leaks" in api.world.notes


def test_a_stop_and_a_start(api: Api) -> None:
    assert api.send("POST", "/services/ai/stop?wait=60").json["detail"] == "ai is stopped."  # type: ignore[index]
    assert api.send("GET", "/services/ai").json["status"] == "stopped"  # type: ignore[index]
    assert api.send("POST", "/services/ai/start?wait=60").json["outcome"] == "done"  # type: ignore[index]


def test_without_waiting_it_is_under_way(api: Api) -> None:
    api.world.bodies["ai"].boots_in = 30
    answer = api.send("POST", "/services/ai/restart")
    assert (answer.status_code, answer.json["outcome"]) == (202, "pending")  # type: ignore[index]


def test_a_start_that_comes_to_nothing_says_why(api: Api) -> None:
    api.send("POST", "/services/ai/stop?wait=60")
    api.world.bodies["ai"].dies_after = 1
    answer = api.send("POST", "/services/ai/start?wait=60")
    assert (answer.status_code, answer.json["outcome"]) == (502, "failed")  # type: ignore[index]
    assert "ended with exit code 1" in answer.json["detail"]  # type: ignore[index]


def test_a_release_starts_it_at_once(api: Api) -> None:
    api.world.bodies["ai"].dies_after = 1
    api.world.advance(120)
    api.world.bodies["ai"].dies_after = None
    answer = api.send("POST", "/services/ai/release?wait=60")
    assert answer.json["detail"] == "ai is out of quarantine and answers."  # type: ignore[index]


def test_a_release_that_does_not_help_says_how_it_ended(api: Api) -> None:
    api.world.bodies["ai"].dies_after = 1
    api.world.advance(120)
    answer = api.send("POST", "/services/ai/release?wait=60")
    assert (answer.status_code, answer.json["outcome"]) == (502, "failed")  # type: ignore[index]
    assert "ended with exit code 1" in answer.json["detail"]  # type: ignore[index]


def test_what_cannot_be_is_refused_in_words(api: Api) -> None:
    refused = api.send("POST", "/services/redis/release")
    assert (refused.status_code, refused.json["detail"]) == (409, "It is not in quarantine.")  # type: ignore[index]
    api.world.take("restore", "redis")
    refused = api.send("POST", "/services/redis/stop")
    assert refused.status_code == 409
    assert "backup works on it until 08:01 UTC: a test" in refused.json["detail"]  # type: ignore[index]
    assert api.send("POST", "/services/redis/stop?wait=9", json={"lease": "restore"}).status_code == 200


@pytest.mark.parametrize("name", ["nothing", "x" * 5000, "re%00dis", "..%2f..", "%F0%9F%92%A9"])
def test_an_unknown_service_is_answered_with_those_there_are(api: Api, name: str) -> None:
    answer = api.send("POST", f"/services/{name}/stop")
    assert answer.status_code == 404
    assert len(answer.text) < 400
    assert api.world.done == []


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/services/redis/stop?wait=forever", None, "wait must be a number of seconds from 0 to 300"),
        ("/services/redis/stop?wait=-1", None, "wait must be"),
        ("/services/redis/stop?wait=nan", None, "wait must be"),
        ("/services/redis/stop", b"[]", "must be a JSON object"),
        ("/services/redis/stop", b"{", "must be a JSON object"),
        ("/services/redis/stop", b'{"who": 7}', "who must be text"),
        ("/services/redis/stop", b'{"reason": "a\\nb"}', "reason must be one line"),
        ("/services/redis/stop", b'{"who": "' + b"x" * 101 + b'"}', "up to 100 characters"),
        ("/services/redis/explode", None, "There is no action 'explode'. There are: start, stop, restart, release"),
    ],
)
def test_absurd_input_does_nothing(api: Api, path: str, body: bytes | None, says: str) -> None:
    answer = api.send("POST", path, data=body)
    assert 400 <= answer.status_code < 500
    assert says in answer.json["detail"]  # type: ignore[index]
    assert api.world.done == []


def test_docker_away_is_said_at_once(api: Api) -> None:
    api.world.docker_goes()
    assert "Docker does not answer" in api.send("POST", "/services/redis/restart").json["detail"]  # type: ignore[index]


def test_asking_is_not_the_wish_of_another() -> None:
    """An earlier wish's end is not taken for this one's."""
    from app.supervisor.decide.outcome import Outcome, outcome
    from tests.unit.supervisor.world import World

    world = World().healthy()
    world.ask("redis", Ask.RESTART)
    world.advance(10)
    assert outcome(world.state, "redis", Ask.RESTART, world.now) is Outcome.PENDING


def test_a_stop_with_an_end_is_maintenance_and_starts_again_by_itself(api: Api) -> None:
    body = {"who": "Ada", "reason": "new memory", "seconds": 600}
    stopped = api.send("POST", "/services/ai/stop?wait=60", json=body)
    assert (stopped.status_code, stopped.json["detail"]) == (200, "ai is stopped.")  # type: ignore[index]
    service = api.send("GET", "/services/ai").json
    assert service is not None
    assert (service["status"], service["lease"], service["running"]) == ("maintenance", "stop-ai", False)
    assert service["reason"] == "new memory (Ada)"
    api.world.advance(500)
    assert not api.world["ai"].running
    api.world.advance(120)
    assert api.world.all_healthy()
    assert api.world.state.leases == {}


def test_a_start_before_the_end_ends_the_stop(api: Api) -> None:
    api.send("POST", "/services/ai/stop?wait=60", json={"seconds": 600})
    started = api.send("POST", "/services/ai/start?wait=60", json={"who": "Bo"})
    assert (started.status_code, started.json["outcome"]) == (200, "done")  # type: ignore[index]
    assert api.world.state.leases == {}
    assert "Bo asked to start ai" in api.world.notes
    assert len([action for action in api.world.actions_on("ai") if isinstance(action, Start)]) == 1


def test_a_stop_without_an_end_lasts_as_before(api: Api) -> None:
    api.send("POST", "/services/ai/stop?wait=60")
    api.world.advance(700)
    assert api.world.phase("ai").value == "stopped"


@pytest.mark.parametrize("seconds", [0, 9, 86_401, "long", True])
def test_an_absurd_end_stops_nothing(api: Api, seconds: object) -> None:
    answer = api.send("POST", "/services/ai/stop", json={"seconds": seconds})
    assert answer.status_code == 422
    assert api.world.done == []
    assert api.world.state.leases == {}


def test_a_stop_that_is_refused_leaves_no_lease(api: Api) -> None:
    api.world.docker_goes()
    assert api.send("POST", "/services/ai/stop", json={"seconds": 600}).status_code == 409
    assert api.world.state.leases == {}


def test_under_somebody_elses_maintenance_a_stop_with_an_end_is_refused_in_words(api: Api) -> None:
    api.world.take("restore", "ai")
    answer = api.send("POST", "/services/ai/stop", json={"seconds": 600})
    assert answer.status_code == 409
    assert "backup works on ai until" in answer.json["detail"]  # type: ignore[index]


def test_the_page_stops_for_two_hours_unless_it_is_told_otherwise(api: Api) -> None:
    page = api.sign_in().page("/services/ai/stop")
    assert '<option value="7200" selected>for 2 hours</option>' in page
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    api.browser.post("/services/ai/stop", data={"csrf": csrf, "seconds": "7200", "reason": ""})
    api.world.advance(5)
    assert api.world.state.leases["stop-ai"].why == "stopped by hand"
    assert "It is stopped until 2026-03-02 10:00 UTC (stopped by hand)" in api.page("/services/ai/start")
    api.browser.post("/services/ai/start", data={"csrf": csrf})
    api.world.advance(5)
    api.browser.post("/services/ai/stop", data={"csrf": csrf, "seconds": ""})
    api.world.advance(5)
    assert api.world.phase("ai").value == "stopped"
