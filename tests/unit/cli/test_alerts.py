"""`tradeai alerts` asks the supervisor, shows people sentences and machines JSON, and its exit code says whether to worry."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import alerts as command
from app.cli.app import tradeai

ALERT = {
    "id": "abc123",
    "priority": "P1",
    "stage": "firing",
    "since": "2026-03-02T08:00:00.000Z",
    "title": "mongodb is down",
    "detail": "it hangs",
    "acknowledged_by": "",
    "reason": "",
    "quiet": "",
}
SILENCE = {"id": "s1", "rule": "*", "subject": "redis", "until": "2026-03-02T09:00:00.000Z", "who": "Ada", "why": "moves"}


class Keeper:
    """Answers by path and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "/api/v1/alerts": {"alerts": [], "silences": [], "channels": ["ops"], "settings_good": True},
            "/api/v1/alerts/channels": {"channels": [{"name": "ops"}, {"name": "sms"}], "waiting": 0, "failed": []},
        }
        self.asked: list[tuple[str, str, Any]] = []

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30) -> Any:
        self.asked.append((method, path, body))
        return self.answers[path]


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    made = Keeper()
    monkeypatch.setattr(command, "ask_keeper", made.ask)
    return made


def _run(*words: str) -> Result:
    return CliRunner().invoke(tradeai, ["alerts", *words])


def test_nothing_wrong(keeper: Keeper) -> None:
    result = _run("list")
    assert (result.exit_code, result.output) == (0, "No alerts.\n")


def test_something_wrong_is_shown_and_told_by_the_exit_code(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts"] = {"alerts": [ALERT], "silences": [SILENCE], "channels": [], "settings_good": True}
    result = _run("list")
    assert result.exit_code == 1
    assert "mongodb is down" in result.output
    assert "Silence s1: * redis" in result.output
    assert "alerts reach nobody" in result.output


@pytest.mark.parametrize("change", [{"stage": "acknowledged", "acknowledged_by": "Ada"}, {"quiet": "explained"}])
def test_what_somebody_looks_after_or_another_explains_is_no_reason_to_worry(keeper: Keeper, change: dict[str, str]) -> None:
    keeper.answers["/api/v1/alerts"]["alerts"] = [{**ALERT, **change}]
    assert _run("list").exit_code == 0


def test_machines_get_one_document(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts"]["alerts"] = [ALERT]
    assert json.loads(_run("list", "--json").output)["alerts"] == [ALERT]


def test_acknowledging(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts/abc123/acknowledge"] = {"acknowledged": ["abc123"], "who": "Ada"}
    result = _run("ack", "abc123", "--who", "Ada", "--reason", "new disk")
    assert result.exit_code == 0
    assert keeper.asked == [("POST", "/api/v1/alerts/abc123/acknowledge", {"who": "Ada", "reason": "new disk"})]


@pytest.mark.parametrize(
    "words", [("ack", "abc123"), ("ack", "abc123", "--who", "Ada"), ("ack", "../x", "--who", "A", "--reason", "b")]
)
def test_acknowledging_takes_a_name_a_reason_and_an_id(keeper: Keeper, words: tuple[str, ...]) -> None:
    assert _run(*words).exit_code == 2
    assert keeper.asked == []


def test_silencing(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts/silences"] = SILENCE
    assert _run("silence", "service_down", "redis", "--for", "4h", "--who", "Ada", "--why", "moves").exit_code == 0
    assert keeper.asked[0][2]["seconds"] == 4 * 3600
    keeper.answers["/api/v1/alerts/silences/s1"] = SILENCE
    assert _run("unsilence", "s1", "--who", "Ada").exit_code == 0


@pytest.mark.parametrize("length", ["soon", "4", "-4h", "4 weeks"])
def test_an_absurd_length_is_explained(keeper: Keeper, length: str) -> None:
    result = _run("silence", "*", "--for", length, "--who", "Ada", "--why", "x")
    assert result.exit_code == 2
    assert "30m, 4h or 2d" in result.output


def test_testing_every_channel(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts/channels/ops/test?wait=20"] = {"state": "sent", "detail": "taken by ops"}
    keeper.answers["/api/v1/alerts/channels/sms/test?wait=20"] = {"state": "failed", "detail": "did not get through on sms"}
    result = _run("test")
    assert (result.exit_code, result.output) == (1, "taken by ops\ndid not get through on sms\n")
    assert _run("test", "ops").exit_code == 0


def test_testing_without_channels_says_so(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts/channels"]["channels"] = []
    result = _run("test")
    assert result.exit_code == 1
    assert "No channels are configured" in result.output


@pytest.mark.parametrize(
    ("document", "code", "word"),
    [
        ({"good": True, "present": False, "mistakes": [], "channels": []}, 0, "does not exist"),
        ({"good": True, "present": True, "mistakes": [], "channels": ["ops"]}, 0, "right and in force. Channels: ops"),
        (
            {"good": False, "present": True, "channels": [], "mistakes": [{"line": 3, "field": "a.b", "message": "is wrong"}]},
            1,
            "line 3, a.b: is wrong",
        ),
    ],
)
def test_checking_the_settings(keeper: Keeper, document: dict[str, Any], code: int, word: str) -> None:
    keeper.answers["/api/v1/alerts/settings/reload"] = {"file": "/etc/tradeai/alerts.toml", **document}
    result = _run("check-settings")
    assert result.exit_code == code
    assert word in result.output


@pytest.mark.parametrize(("good", "code"), [(True, 0), (False, 1)])
def test_a_rule_is_tested_and_the_exit_code_tells(keeper: Keeper, good: bool, code: int) -> None:
    keeper.answers["/api/v1/alerts/rules/host_cpu/test?wait=20"] = {"tests": [{"rule": "host_cpu", "good": good, "text": "seen"}]}
    result = _run("test-rule", "host_cpu", "--who", "Ada")
    assert result.exit_code == code
    assert "seen" in result.output
    assert keeper.asked == [("POST", "/api/v1/alerts/rules/host_cpu/test?wait=20", {"who": "Ada"})]


def test_all_rules_are_tested_only_when_that_is_said(keeper: Keeper) -> None:
    keeper.answers["/api/v1/alerts/rules/tests"] = {"tests": []}
    assert _run("test-rule", "--all").exit_code == 0
    assert _run("test-rule").exit_code == 2
    assert _run("test-rule", "host_cpu", "--all").exit_code == 2
