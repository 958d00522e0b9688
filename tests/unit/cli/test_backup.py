"""`tradeai backup` and `tradeai restore` order, follow, say how it ended, and have the exit code of it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import backup as command
from app.cli.app import tradeai

API = "/api/v1/backups"
NAME = "20260301T020000Z-ab12"
PROGRESS = {"what": "backup", "step": "dump", "percent": 25}
QUIET = {"waiting": [], "progress": None, "restore": {"step": "", "outcome": "", "ok": True}}


class Keeper:
    """Gives its answers by path, one after the other, the last for ever; notes what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {API: [{"backups": [], "safeties": [], "tasks": [], **QUIET}]}
        self.asked: list[tuple[str, str, Any]] = []

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30) -> Any:
        self.asked.append((method, path, body))
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def ends(self, ok: bool, text: str) -> None:
        self.answers[f"{API}/tasks"] = [{"id": "t1"}]
        over = {"over": True, "ok": ok, "text": text, "backup": NAME}
        self.answers[f"{API}/tasks/t1"] = [{"over": False, "progress": None}, {"over": False, "progress": PROGRESS}, over]


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    made = Keeper()
    monkeypatch.setattr(command, "ask_keeper", made.ask)
    monkeypatch.setattr(command, "_LOOK_SECONDS", 0)
    return made


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(tradeai, arguments, input=answer)


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        (("backup", "now", "--who", "Ada"), {"kind": "backup", "backup": "", "who": "Ada"}),
        (("backup", "verify", NAME, "--who", "Ada"), {"kind": "verify", "backup": NAME, "who": "Ada"}),
        (("backup", "drill", "--who", "Ada"), {"kind": "drill", "backup": "latest", "who": "Ada"}),
        (("backup", "offsite", NAME, "--who", "Ada"), {"kind": "offsite", "backup": NAME, "who": "Ada"}),
        (("backup", "prune", "--yes", "--who", "Ada"), {"kind": "prune", "backup": "", "who": "Ada"}),
    ],
)
def test_it_orders_follows_and_tells_the_end(keeper: Keeper, arguments: tuple[str, ...], order: Any) -> None:
    keeper.ends(True, "it is done")
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert keeper.asked[0] == ("POST", f"{API}/tasks", order)
    assert "backup: dump, 25 %" in done.output
    assert "it is done" in done.output


def test_a_failure_is_exit_code_1_with_its_reason(keeper: Keeper) -> None:
    keeper.ends(False, "Not enough disk")
    done = run("backup", "now")
    assert done.exit_code == 1
    assert "Not enough disk" in done.output


def test_machines_get_one_document(keeper: Keeper) -> None:
    keeper.ends(True, "it is done")
    assert json.loads(run("backup", "now", "--json").stdout)["backup"] == NAME


def test_the_list_shows_proof_and_trouble(keeper: Keeper) -> None:
    good = {
        "id": NAME,
        "usable": True,
        "proof": {"ok": True, "at": "2026-03-01T03:00:00"},
        "documents": 3,
        "size": 2e6,
        "reason": "hand",
        "copied": {"at": "2026-03-01T02:05:00", "target": "s3:bucket", "sealed": True},
    }
    bad = {"id": "other", "usable": False, "trouble": "The manifest was changed", "proof": None}
    keeper.answers[API] = [{"backups": [good, bad], **QUIET}]
    shown = run("backup", "list").output
    for words in (NAME, "2026-03-01 03:00", "2026-03-01 02:05", "2.0 MB", "The manifest was changed"):
        assert words in shown
    keeper.answers[API] = [{"backups": [], **QUIET}]
    assert "There is no backup yet" in run("backup", "list").output


def test_a_part_comes_back_beside_the_live_data_with_its_comparison(keeper: Keeper) -> None:
    compared = {"sales": {"missing": 21, "added": 32, "changed": 43, "equal": 54}}
    over = {"over": True, "ok": True, "text": "it lies in side:\nsales", "facts": {"collections": compared}}
    keeper.answers |= {f"{API}/{NAME}/side": [{"id": "t1"}], f"{API}/tasks/t1": [over]}
    done = run("backup", "side", NAME, "look", "--customer", "c1", "--who", "Ada")
    assert done.exit_code == 0, done.output
    assert keeper.asked[0][2] == {"side": "look", "part": "customer", "name": "c1", "who": "Ada"}
    for words in ("it lies in side:", "Only in the backup", "21", "32", "43", "54"):
        assert words in done.output


@pytest.mark.parametrize("wish", [(), ("--customer", "c", "--collection", "sales")])
def test_a_part_is_one_collection_or_one_customer(keeper: Keeper, wish: tuple[str, ...]) -> None:
    assert run("backup", "side", NAME, "look", *wish).exit_code == 2
    assert keeper.asked == []


def test_prune_without_yes_only_shows(keeper: Keeper) -> None:
    keeper.answers[f"{API}/retention"] = [{"backups": [{"id": NAME, "reasons": []}, {"id": "b", "reasons": ["newest", "daily"]}]}]
    shown = run("backup", "prune").output
    assert "would be deleted" in shown
    assert "newest, daily" in shown
    assert [asked[0] for asked in keeper.asked] == ["GET"]


def test_a_restore_is_begun_followed_and_told(keeper: Keeper) -> None:
    steps = [{"step": "stopping what writes"}, {"step": "stopping what writes"}, {"step": "", "ok": True, "outcome": "restored"}]
    keeper.answers |= {f"{API}/{NAME}/restore": [{}], API: [{"restore": step} for step in steps]}
    done = run("restore", NAME, "--yes")
    assert done.exit_code == 0
    assert done.output.count("stopping what writes") == 1
    assert "restored" in done.output


def test_a_restore_that_failed_is_exit_code_1(keeper: Keeper) -> None:
    failed = {"restore": {"step": "", "ok": False, "outcome": "it was undone"}}
    keeper.answers |= {f"{API}/{NAME}/restore": [{}], API: [failed]}
    done = run("restore", NAME, "--yes")
    assert done.exit_code == 1
    assert "it was undone" in done.output


def test_a_person_who_says_no_changes_nothing(keeper: Keeper) -> None:
    assert run("restore", NAME, answer="n\n").exit_code == 1
    assert keeper.asked == []
