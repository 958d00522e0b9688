"""`tradeai handover` makes, lists, shows and verifies; its exit code says whether a seal holds."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import handover as command
from app.cli.app import tradeai
from app.supervisor.handover.seal import public_of, sealed

API = "/api/v1/handover"
SEED = b"\x07" * 32
REPORT = {
    "id": "20260302T080000Z", "file": "handover-20260302T080000Z.zip", "made_by": "Ada", "trouble": "", "key": "abcd ef01",
    "proven": 1, "count": 2, "made_at": "",
    "checklist": [
        {"name": "load", "title": "Tested under load", "proven": True, "proof": "4000 requests"},
        {"name": "restore", "title": "A restore was proven", "proven": False, "proof": "not proven: never"},
    ],
}  # fmt: skip


class Keeper:
    """Answers by method and path, and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {
            ("POST", API): REPORT,
            ("GET", API): {"reports": [REPORT]},
            ("GET", f"{API}/latest"): REPORT,
            ("GET", f"{API}/key"): {"public": public_of(SEED).hex(), "fingerprint": "abcd"},
        }
        self.asked: list[tuple[str, str, Any]] = []

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30) -> Any:
        self.asked.append((method, path, body))
        return self.answers[method, path]


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    made = Keeper()
    monkeypatch.setattr(command, "ask_keeper", made.ask)
    return made


def run(*words: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(tradeai, ["handover", *words], input=given)


def test_without_a_word_a_report_is_made_and_its_checklist_shown(keeper: Keeper) -> None:
    done = run("--who", "Ada")
    assert done.exit_code == 0, done.output
    assert keeper.asked == [("POST", API, {"who": "Ada"})]
    for words in ("Tested under load", "not proven: never", "1 of 2 lines are proven", REPORT["file"], "abcd ef01"):
        assert words in done.output


def test_machines_get_json(keeper: Keeper) -> None:
    assert json.loads(run("--json").stdout) == REPORT
    assert json.loads(run("list", "--json").stdout) == {"reports": [REPORT]}
    assert ("POST", API, None) not in keeper.asked


def test_reports_are_listed_and_shown_without_making_one(keeper: Keeper) -> None:
    assert "1/2" in run("list").output
    assert "4000 requests" in run("show").output
    assert {method for method, _path, _body in keeper.asked} == {"GET"}


@pytest.mark.parametrize(("good", "code"), [(True, 0), (False, 1)])
def test_a_kept_report_is_verified_by_the_supervisor(keeper: Keeper, good: bool, code: int) -> None:
    keeper.answers["POST", f"{API}/20260302T080000Z/check"] = {"good": good, "text": "what was seen"}
    done = run("verify", "20260302T080000Z")
    assert (done.exit_code, done.output) == (code, "what was seen\n")


def test_a_file_is_held_against_the_appliances_key(keeper: Keeper) -> None:
    made = {"made_at": "2026-03-02", "made_by": "Ada"}
    packed = sealed({"handover.html": b"x"}, made, SEED)
    assert run("verify", "-", given=packed).exit_code == 0
    foreign = run("verify", "-", given=sealed({"handover.html": b"x"}, made, b"\x08" * 32))
    assert foreign.exit_code == 1
    assert "not sealed with this appliance's key" in foreign.output
    assert run("verify", "-", given=b"nothing").exit_code == 1


def test_a_file_that_is_not_there_is_said(keeper: Keeper) -> None:
    done = run("verify", "backups/handover/none.zip")
    assert done.exit_code == 2
    assert "no such file" in done.output
