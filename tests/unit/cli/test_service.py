"""`tradeai service` passes on who wishes what, and its exit code says what came of it."""

import json
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from app.cli import keeper
from app.cli.app import tradeai

SERVICE = {"name": "redis", "status": "healthy", "since": "2026-01-01T00:00:00.000Z", "restarts": 0, "depends_on": ["mongodb"]}


class Supervisor:
    """Answers as told, and keeps what it was asked."""

    def __init__(self, code: int, answer: dict[str, Any]) -> None:
        self.code, self.answer, self.asked = code, answer, list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.code, json=self.answer)


def _run(monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor, *arguments: str) -> Result:
    def open_client(url: str, timeout_seconds: float) -> httpx.Client:
        return httpx.Client(base_url=url, timeout=timeout_seconds, transport=httpx.MockTransport(supervisor))

    class Config:
        supervisor_url = "http://supervisor"

        def secret(self, _name: str) -> Any:
            return type("Secret", (), {"get_secret_value": lambda _self: "the password"})()

    monkeypatch.setattr(keeper, "open_client", open_client)
    monkeypatch.setattr(keeper, "settings", Config)
    return CliRunner().invoke(tradeai, ["service", *arguments])


def test_the_list_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, Supervisor(200, {"services": [SERVICE]}), "list")
    assert result.exit_code == 0
    assert "redis" in result.stdout
    assert "healthy" in result.stdout


@pytest.mark.parametrize("wish", ["start", "stop", "restart", "release"])
def test_a_wish_is_sent_with_who_and_why_and_its_end_told(monkeypatch: pytest.MonkeyPatch, wish: str) -> None:
    supervisor = Supervisor(200, {"outcome": "done", "detail": "It is done."})
    result = _run(monkeypatch, supervisor, wish, "redis", "--reason", "it leaks", "--who", "Ada")
    assert (result.exit_code, result.stdout) == (0, "It is done.\n")
    (request,) = supervisor.asked
    assert request.url.path == f"/api/v1/services/redis/{wish}"
    assert request.url.params["wait"] == "60"
    assert json.loads(request.content) == {"who": "Ada", "reason": "it leaks", "lease": ""}
    assert request.headers["Authorization"].startswith("Basic ")


def test_a_refusal_is_the_supervisors_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, Supervisor(409, {"detail": "It is not in quarantine."}), "release", "redis")
    assert result.exit_code == 1
    assert "It is not in quarantine." in result.stderr


def test_what_is_still_under_way_after_the_wait_is_exit_code_two(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(202, {"outcome": "pending", "detail": "redis was told to start."})
    assert _run(monkeypatch, supervisor, "start", "redis", "--wait", "1").exit_code == 2
    assert _run(monkeypatch, supervisor, "start", "redis", "--wait", "0").exit_code == 0


def test_json_is_the_supervisors_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(200, {"outcome": "done", "detail": "It is done."})
    assert json.loads(_run(monkeypatch, supervisor, "stop", "redis", "--json").stdout)["outcome"] == "done"


def test_an_odd_name_stays_one_part_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(404, {"detail": "There is no service."})
    assert _run(monkeypatch, supervisor, "stop", "../../leases?x=1").exit_code == 1
    assert supervisor.asked[0].url.raw_path == b"/api/v1/services/..%2F..%2Fleases%3Fx%3D1/stop?wait=60"


def test_an_absurd_wait_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(200, {})
    assert _run(monkeypatch, supervisor, "stop", "redis", "--wait", "999999").exit_code == 2
    assert supervisor.asked == []


LEASE = {"name": "disk", "services": ["ai"], "holder": "Ada", "why": "a new disk", "until": "2026-01-01T02:00:00Z"}


def test_a_stop_may_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(200, {"outcome": "done", "detail": "It is done."})
    assert _run(monkeypatch, supervisor, "stop", "redis", "--for", "2h").exit_code == 0
    assert json.loads(supervisor.asked[0].content)["seconds"] == 7200
    assert _run(monkeypatch, supervisor, "stop", "redis", "--for", "soon").exit_code == 2
    assert _run(monkeypatch, supervisor, "start", "redis", "--for", "2h").exit_code == 2
    assert len(supervisor.asked) == 1


def test_maintenance_is_begun_for_some_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(201, LEASE)
    result = _run(
        monkeypatch,
        supervisor,
        "maintenance",
        "begin",
        "ai",
        "--for",
        "30m",
        "--why",
        "a new disk",
        "--who",
        "Ada",
        "--name",
        "disk",
    )
    assert (result.exit_code, "until 2026-01-01T02:00:00Z" in result.stdout) == (0, True)
    (request,) = supervisor.asked
    assert (request.method, request.url.path) == ("POST", "/api/v1/leases")
    assert json.loads(request.content) == {
        "name": "disk",
        "services": ["ai"],
        "seconds": 1800,
        "holder": "Ada",
        "why": "a new disk",
    }
    _run(monkeypatch, supervisor, "maintenance", "begin", "--for", "1h", "--why", "a move")
    everything = json.loads(supervisor.asked[1].content)
    assert (everything["services"], everything["holder"]) == ("all", "operator")
    assert everything["name"].startswith("by-hand-")


def test_maintenance_is_ended_by_name_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(200, {**LEASE, "leases": [LEASE]})
    assert "disk is over" in _run(monkeypatch, supervisor, "maintenance", "end", "disk", "--who", "Bo").stdout
    assert (supervisor.asked[0].method, supervisor.asked[0].url.path) == ("DELETE", "/api/v1/leases/disk")
    assert json.loads(supervisor.asked[0].content) == {"who": "Bo"}
    assert _run(monkeypatch, supervisor, "maintenance", "end").exit_code == 0
    assert supervisor.asked[-1].url.path == "/api/v1/leases/disk"
    assert "a new disk" in _run(monkeypatch, supervisor, "maintenance", "list").stdout
    assert json.loads(_run(monkeypatch, supervisor, "maintenance", "list", "--json").stdout)["leases"] == [LEASE]


def test_which_maintenance_to_end_is_asked_when_there_is_not_just_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for leases in ([], [LEASE, {**LEASE, "name": "move"}]):
        supervisor = Supervisor(200, {"leases": leases})
        result = _run(monkeypatch, supervisor, "maintenance", "end")
        assert result.exit_code == 2
        assert ("disk, move" if leases else "There is none now") in result.stderr
        assert {request.method for request in supervisor.asked} == {"GET"}


def test_the_journal_is_asked_for_with_its_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"id": 7, "at": "2026-01-01T00:00:00Z", "about": "redis", "text": "Ada asked to stop redis", "bad": False}
    supervisor = Supervisor(200, {"lines": [line], "older": 7})
    result = _run(monkeypatch, supervisor, "journal", "redis", "--bad", "--text", "Ada & Bo", "--before", "9")
    assert result.exit_code == 0
    assert "Ada asked to stop redis" in result.stdout
    (request,) = supervisor.asked
    assert request.url.path == "/api/v1/journal"
    assert dict(request.url.params) == {"about": "redis", "text": "Ada & Bo", "bad": "1", "count": "50", "before": "9"}
