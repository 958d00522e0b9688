"""`tradeai maintenance` lists, runs and signs tasks; an overdue one shows in the exit code."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import maintenance
from app.cli.app import tradeai

DUTY = {
    "name": "security_log", "every": "weekly", "title": "Security log", "what": "As expected", "day": "2026-03-02", "standing": "overdue",  # noqa: E501
    "proof": "40 sign-ins", "details": ["2 x sign_in.failed"], "signed_by": "",
}  # fmt: skip


class Keeper:
    """The supervisor as the command meets it."""

    def __init__(self) -> None:
        self.asked, self.overdue = list[tuple[str, str, Any]](), list[str]()

    def __call__(self, method: str, path: str, body: Any = None, seconds: float = 0) -> Any:
        self.asked.append((method, path, body))
        return {"overdue": self.overdue, "open": [], "duties": [DUTY]} if method == "GET" else DUTY


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    found = Keeper()
    monkeypatch.setattr(maintenance, "ask_keeper", found)
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tradeai, ["maintenance", *arguments])


def test_the_list_shows_every_task_and_fails_when_one_is_overdue(keeper: Keeper) -> None:
    assert run("list").exit_code == 0
    keeper.overdue = ["security_log"]
    found = run("list")
    assert found.exit_code == 1
    assert "40 sign-ins" in found.output
    assert json.loads(run("list", "--json").output)["overdue"] == ["security_log"]


def test_a_task_is_run(keeper: Keeper) -> None:
    assert "2 x sign_in.failed" in run("run", "security_log").output
    assert keeper.asked == [("POST", "/api/v1/maintenance/security_log/run", {"who": "tradeai maintenance"})]


def test_signing_takes_a_name_and_a_note(keeper: Keeper) -> None:
    assert run("sign", "security_log").exit_code == 2
    assert keeper.asked == []
    assert run("sign", "security_log", "--who", "Ann", "--note", "Looked").exit_code == 0
    assert keeper.asked[0][2] == {"who": "Ann", "note": "Looked", "day": ""}
