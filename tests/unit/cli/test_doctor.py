"""`tradeai doctor` says what is wrong and how to correct it, and its exit code tells cron."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import doctor
from app.cli.app import tradeai
from app.core.errors import Unavailable


def document(verdict: str) -> dict[str, Any]:
    check = {
        "name": "disk",
        "title": "Disk space",
        "verdict": verdict,
        "evidence": "9 GB free",
        "remedy": "Make room.",
        "fixable": True,
    }
    fine = {**check, "name": "swap", "title": "Swap", "verdict": "ok"}
    return {"status": verdict, "problems": 1, "warnings": 0, "fine": 1, "checks": [fine, check]}


class Keeper:
    """The supervisor as the command meets it."""

    def __init__(self, verdict: str = "ok") -> None:
        self.verdict, self.asked = verdict, list[tuple[str, str, Any]]()

    def __call__(self, method: str, path: str, body: Any = None, seconds: float = 0) -> Any:
        self.asked.append((method, path, body))
        return {"done": "2 indexes were created."} if "fixes" in path else document(self.verdict)


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    found = Keeper()
    monkeypatch.setattr(doctor, "ask_keeper", found)
    return found


def run(*arguments: str, facts: str | None = None) -> Result:
    return CliRunner().invoke(tradeai, ["doctor", *arguments], input=facts)


@pytest.mark.parametrize(("verdict", "code"), [("ok", 0), ("warning", 1), ("problem", 2), ("unknown", 1)])
def test_the_exit_code_tells_how_bad_it_is(keeper: Keeper, verdict: str, code: int) -> None:
    keeper.verdict = verdict
    assert run().exit_code == code


def test_problems_come_first_with_their_remedy_and_fix(keeper: Keeper) -> None:
    keeper.verdict = "problem"
    printed = run().output
    assert printed.index("Disk space: 9 GB free") < printed.index("Make room.") < printed.index("Swap")
    assert "tradeai doctor --fix disk" in printed
    assert "1 problems, 0 warnings, 1 in order" in printed


def test_the_last_examination_is_shown_without_another(keeper: Keeper) -> None:
    assert json.loads(run("--last", "--json").output)["status"] == "ok"
    assert keeper.asked == [("GET", "/api/v1/doctor", None)]


def test_facts_are_sent_before_it_looks(keeper: Keeper) -> None:
    assert run("--facts", "-", facts='{"updates": 3}').exit_code == 0
    assert [path for _method, path, _body in keeper.asked] == ["/api/v1/doctor/facts", "/api/v1/doctor/runs"]
    assert keeper.asked[0][2] == {"updates": 3}


@pytest.mark.parametrize("facts", ["", "{", "[1]"])
def test_facts_that_are_none_are_refused_before_anything_is_asked(keeper: Keeper, facts: str) -> None:
    found = run("--facts", "-", facts=facts)
    assert found.exit_code == 2
    assert "host-facts.sh" in found.output
    assert keeper.asked == []


def test_a_fix_is_done_and_the_new_state_shown(keeper: Keeper) -> None:
    assert "2 indexes were created." in run("--fix", "missing_indexes").output
    assert [path for _method, path, _body in keeper.asked] == ["/api/v1/doctor/fixes/missing_indexes", "/api/v1/doctor"]


def test_without_the_supervisor_it_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_arguments: Any) -> Any:
        raise Unavailable("The supervisor does not answer.")

    monkeypatch.setattr(doctor, "ask_keeper", silent)
    found = run()
    assert found.exit_code == 2
    assert "does not answer" in found.output
