"""`tradeai incidents` shows what the supervisor keeps, and its exit code says whether something is wrong."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from app.cli import keeper
from app.cli.app import tradeai

INCIDENT = {
    "number": 7,
    "cause": "mongodb",
    "reason": "it ended with exit code 137",
    "priority": "P1",
    "state": "ended",
    "affected": ["mongodb", "backend"],
    "began_at": "2026-03-02T08:00:00.000Z",
    "ended_at": "2026-03-02T08:06:00.000Z",
    "seconds_to_detect": 0.2,
    "seconds_to_act": 1.1,
    "seconds_to_recover": 8.4,
}
SHOWN = {
    **INCIDENT,
    "timeline": [{"at": "2026-03-02T08:00:00.000Z", "kind": "action", "text": "The supervisor starts mongodb", "by": ""}],
    "evidence": [{"service": "mongodb", "at": "08:00", "exit_code": 137, "oom_killed": True, "logs": ["[bold]Killed[/bold]"]}],
}
MONTH = {
    "month": "2026-03",
    "incidents": 1,
    "mean_seconds_to_detect": 0.2,
    "mean_seconds_to_recover": None,
    "services": [{"service": "redis", "availability": 0.99998, "down_seconds": 4.0}],
}


class Supervisor:
    """Answers each path as told, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        name = request.url.path.removeprefix("/api/v1/").replace("/", "_")
        answer = self.answers.get(name)
        if answer is None:
            return httpx.Response(404, json={"title": "Not Found", "detail": "There is no incident 9."})
        return httpx.Response(200, json=answer)


def _run(monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor, *arguments: str) -> Result:
    class Config:
        supervisor_url = "http://supervisor"

        def secret(self, _name: str) -> Any:
            return type("Secret", (), {"get_secret_value": lambda _self: "the password"})()

    def open_client(url: str, timeout_seconds: float) -> httpx.Client:
        return httpx.Client(base_url=url, timeout=timeout_seconds, transport=httpx.MockTransport(supervisor))

    monkeypatch.setattr(keeper, "open_client", open_client)
    monkeypatch.setattr(keeper, "settings", Config)
    return CliRunner().invoke(tradeai, ["incidents", *arguments])


@pytest.mark.parametrize(("state", "code"), [("ended", 0), ("recovered", 0), ("open", 1)])
def test_the_exit_code_of_the_list_says_whether_one_is_open(monkeypatch: pytest.MonkeyPatch, state: str, code: int) -> None:
    result = _run(monkeypatch, Supervisor(incidents={"incidents": [{**INCIDENT, "state": state}]}), "list")
    assert result.exit_code == code
    assert "mongodb, backend" in result.stdout
    assert "8.4 s" in result.stdout


def test_open_ones_alone_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(incidents={"incidents": []})
    assert "No incidents." in _run(monkeypatch, supervisor, "list", "--open").stdout
    assert supervisor.asked[0].url.params["state"] == "open"


def test_one_is_shown_with_timeline_and_evidence_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    output = _run(monkeypatch, Supervisor(incidents_7=SHOWN), "show", "7").stdout
    for expected in ("Incident 7: mongodb", "The supervisor starts mongodb", "exit code 137", "[bold]Killed[/bold]"):
        assert expected in output


def test_a_note_goes_to_its_incident_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(incidents_7_notes={"text": "seen", "by": "Anna"})
    result = _run(monkeypatch, supervisor, "note", "7", "seen", "--who", "Anna")
    assert "part of incident 7" in result.stdout
    assert json.loads(supervisor.asked[0].content) == {"text": "seen", "who": "Anna"}


def test_the_postmortem_is_printed_or_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    supervisor = Supervisor(incidents_7_postmortem={"number": 7, "markdown": "# Incident 7\n"})
    assert _run(monkeypatch, supervisor, "postmortem", "7").stdout.startswith("# Incident 7\n")
    _run(monkeypatch, supervisor, "postmortem", "7", "--output", str(tmp_path / "report.md"))
    assert (tmp_path / "report.md").read_text() == "# Incident 7\n"
    refused = _run(monkeypatch, supervisor, "postmortem", "7", "--output", str(tmp_path / "no" / "report.md"))
    assert refused.exit_code == 1
    assert "cannot be written" in refused.output


def test_a_months_figures_are_a_table_and_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    output = _run(monkeypatch, Supervisor(availability=MONTH), "month", "2026-03").stdout
    assert "99.998 %" in output
    assert "1 incidents; detected after 0.2 s, recovered after – on average" in output


def test_json_is_what_the_supervisor_says(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, Supervisor(incidents_7=SHOWN), "show", "7", "--json")
    assert json.loads(result.stdout) == SHOWN


def test_an_unknown_one_is_the_supervisors_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, Supervisor(), "show", "9")
    assert result.exit_code == 1
    assert "There is no incident 9." in result.output
    assert _run(monkeypatch, Supervisor(), "show", "0").exit_code == 2
