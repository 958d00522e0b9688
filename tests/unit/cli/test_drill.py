"""`tradeai drill`: the test of the quarter is ordered, followed, shown, and its exit code is that of the test."""

import json
from typing import Any

import pytest

from app.cli import backup, drill
from tests.unit.cli.test_backup import API, Keeper, run

ID = "20260301T020000Z"


def report(outcome: str) -> dict[str, Any]:
    step = {"name": "restore", "title": "Restore from the backup", "seconds": 12.0, "outcome": outcome, "text": "what was seen"}
    return {"id": ID, "who": "Ada", "began_at": "", "seconds": 60.0, "good": outcome == "good", "steps": [step]}


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    made = Keeper()
    for module in (backup, drill):
        monkeypatch.setattr(module, "ask_keeper", made.ask)
    monkeypatch.setattr(backup, "_LOOK_SECONDS", 0)
    made.answers[f"{API}/tasks"] = [{"id": "t1"}]
    return made


@pytest.mark.parametrize(("outcome", "code"), [("good", 0), ("bad", 1)])
def test_it_is_ordered_and_its_report_shown(keeper: Keeper, outcome: str, code: int) -> None:
    keeper.answers[f"{API}/tasks/t1"] = [{"over": True, "ok": not code, "text": "", "facts": {"report": ID}}]
    keeper.answers[f"{API}/reports/{ID}"] = [report(outcome)]
    done = run("drill", "quarterly", "--who", "Ada")
    assert done.exit_code == code, done.output
    assert keeper.asked[0] == ("POST", f"{API}/tasks", {"kind": "quarterly", "backup": "", "who": "Ada"})
    assert "Restore from the backup" in done.output
    assert "what was seen" in done.output


def test_one_that_could_not_even_begin_says_why(keeper: Keeper) -> None:
    keeper.answers[f"{API}/tasks/t1"] = [{"over": True, "ok": False, "text": "Another one is at work", "facts": {}}]
    done = run("drill", "quarterly")
    assert done.exit_code == 1
    assert "Another one is at work" in done.output


def test_reports_are_listed_and_shown(keeper: Keeper) -> None:
    keeper.answers[f"{API}/reports"] = [{"reports": []}, {"reports": [report("good")]}]
    assert "There is none yet" in run("drill", "list").output
    assert ID in run("drill", "list").output
    keeper.answers[f"{API}/reports/{ID}"] = [report("good")]
    assert json.loads(run("drill", "show", ID, "--json").stdout)["id"] == ID
