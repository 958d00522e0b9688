"""The container's tasks as it runs them: by command, by order, killed in the middle, and two at once."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.backup.configuration import Configuration
from app.backup.lock import only_one
from app.backup.orders import place, waiting
from app.backup.records import find_record, records
from app.backup.reports import reports
from app.backup.shelf import Shelf
from app.backup.watch import carry_out
from app.core.clock import SYSTEM
from app.core.migrations import known
from app.core.mongo import Db
from app.supervisor.backups.figures import figures
from tests.integration.backup.conftest import Command


@pytest.fixture
def slow(environment: Mapping[str, str], tmp_path: Path, server: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A backup whose mongodump never ends, in the middle of its work."""
    tools = tmp_path / "slow"
    tools.mkdir()
    (tools / "mongodump").write_text(f"#!/bin/sh\necho $$ >{tmp_path}/started\nexec sleep 600\n")
    (tools / "mongodump").chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "app.backup", "backup"], env={**environment, "TRADEAI_TOOLS_DIR": str(tools)}
    ) as process:
        pause = threading.Event()
        for _turn in range(600):
            if (tmp_path / "started").exists():
                break
            pause.wait(0.05)
        yield process
        process.kill()


def runs(process: int) -> bool:
    """Whether it does, half a minute later at the latest."""
    pause = threading.Event()
    for _turn in range(300):
        if not Path(f"/proc/{process}").exists():
            return False
        pause.wait(0.1)
    return True


def test_a_backup_is_made_checked_and_listed_with_exit_code_0(command: Command, shelf: Shelf) -> None:
    made = command("backup", "--who", "cron")
    assert made.returncode == 0, made.stderr
    assert "is made: " in made.stdout
    checked = command("verify", "latest")
    assert checked.returncode == 0
    assert [(record.kind, record.ok) for record in records(shelf)] == [("verify", True), ("backup", True)]
    assert records(shelf)[1].who == "cron"


def test_the_second_of_two_is_refused_with_exit_code_1(command: Command, shelf: Shelf) -> None:
    with only_one(shelf.lock, "backup (cron)", SYSTEM):
        refused = command("backup")
    assert refused.returncode == 1
    assert "“backup (cron)” has been at work since" in refused.stderr
    assert shelf.backups() == []
    now = SYSTEM.now()
    told = {measured.name: measured.value for measured in figures(shelf.backups(), records(shelf), now, now)}
    assert told["backup_failed"] == 0  # a record for the person who asked, no alert


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_backup_killed_in_the_middle_leaves_nothing_that_looks_whole(
    slow: subprocess.Popen[bytes], command: Command, shelf: Shelf, tmp_path: Path, ending: signal.Signals
) -> None:
    tool = int((tmp_path / "started").read_text())
    slow.send_signal(ending)
    slow.wait(30)
    assert not runs(tool)
    assert shelf.backups() == []
    after = command("backup")
    assert after.returncode == 0, after.stderr
    assert len(shelf.backups()) == 1
    assert list((shelf.root / "database").glob("*.partial")) == []


def test_an_order_whose_task_is_killed_gets_a_record_all_the_same(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.backup.watch._run", lambda *_anything: -9)
    order = place(shelf, "backup", "schedule", SYSTEM.now(), "schedule")
    carry_out(shelf, order, threading.Event())
    record = find_record(shelf, order.id)
    assert record
    assert not record.ok
    assert record.text == (
        "It broke or was killed (-9); see docker compose logs backup. Nothing that looks like a backup was left."
    )
    assert waiting(shelf) == []


def test_an_order_that_was_done_is_not_done_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.backup.watch._run", lambda *_anything: -9)
    order = place(shelf, "backup", "schedule", SYSTEM.now())
    carry_out(shelf, order, threading.Event())
    monkeypatch.setattr("app.backup.watch._run", lambda *_anything: pytest.fail("it was done twice"))
    carry_out(shelf, order, threading.Event())


def test_a_drill_never_touches_a_server_that_holds_the_database(command: Command, db: Db, shelf: Shelf) -> None:
    assert command("backup").returncode == 0
    refused = command("drill")
    assert refused.returncode == 1
    assert "The throwaway database is not empty, so it may not be one: nothing was done to it." in refused.stderr
    assert db["types"].count_documents({}) == 1
    assert not shelf.find("latest").proof


def test_a_drill_proves_a_backup(command: Command, mongo_client: Any, db: Db, shelf: Shelf) -> None:
    assert command("backup").returncode == 0
    mongo_client.drop_database(db.name)  # now the server is as empty as the throwaway one
    done = command("drill")
    assert done.returncode == 0, done.stderr
    assert shelf.find("latest").proven


def test_a_drill_reads_what_came_back_as_a_signed_in_administrator(
    command: Command, mongo_client: Any, db: Db, shelf: Shelf
) -> None:
    db["migrations"].drop()
    db["migrations"].insert_many([{"_id": migration.number} for migration in known()])
    person = {"_id": "u", "name": "Ada", "email": "ada@example.com", "email_key": "ada@example.com", "role": "administrator"}
    rest = {"active": True, "must_change_password": True, "token_version": 1, "version": 1, "password_hash": "x"}
    db["users"].insert_one(person | rest)
    assert command("backup").returncode == 0
    mongo_client.drop_database(db.name)
    done = command("drill")
    assert done.returncode == 0, done.stderr
    assert "A second backend read it for a signed-in administrator: 3 answers." in done.stdout


def test_a_broken_audit_trail_fails_the_drill(command: Command, mongo_client: Any, db: Db, shelf: Shelf) -> None:
    db["audit"].insert_one({"_id": 1, "prev": "0" * 64, "hash": "f" * 64, "action": "forged"})
    assert command("backup").returncode == 0
    mongo_client.drop_database(db.name)
    failed = command("drill")
    assert failed.returncode == 1
    assert "The restored data contradicts itself: audit trail" in failed.stderr
    proof = shelf.find("latest").proof
    assert proof
    assert not proof["ok"]


def test_sales_of_nobody_fail_the_drill(command: Command, mongo_client: Any, db: Db, shelf: Shelf) -> None:
    db["customers"].insert_one({"_id": "a"})
    db["sales"].insert_many([{"customer_id": "a"}, {"customer_id": "nobody"}])
    assert command("backup").returncode == 0
    mongo_client.drop_database(db.name)
    failed = command("drill")
    assert failed.returncode == 1
    assert "contradicts itself: sales of nobody, which is not among the customers" in failed.stderr
    assert not shelf.find("latest").proven


def test_nothing_is_begun_while_a_restore_is_unfinished(command: Command, shelf: Shelf) -> None:
    shelf.work.mkdir(parents=True, exist_ok=True)
    (shelf.work / "restore.json").write_text('{"step": "beside", "backup": "x"}')
    refused = command("backup")
    assert refused.returncode == 1
    assert "A restore was interrupted. Undo it first" in refused.stderr
    assert Configuration.model_fields["drill_host"].default == "drill"


def test_what_a_script_on_the_host_has_done_is_on_record(command: Command, shelf: Shelf) -> None:
    assert command("told", "system", "failed", "The redis could not be saved.", "--who", "root").returncode == 0
    (record,) = records(shelf)
    assert (record.kind, record.ok, record.who, record.text) == ("system", False, "root", "The redis could not be saved.")
    assert command("told", "backup", "ok", "forged").returncode != 0


def test_the_test_of_the_quarter_goes_through_every_step_and_keeps_its_report(
    command: Command, environment: dict[str, str], mongo_client: Any, db: Db, shelf: Shelf
) -> None:
    """The tests' server is not empty, so it is no throwaway one: the step says so, and the others are done all the same."""
    environment["TRADEAI_DOOR"] = "http://127.0.0.1:9"
    done = command("quarterly", "--who", "Ada")
    assert done.returncode == 1
    (report,) = reports(shelf)
    assert report.who == "Ada"
    assert [(step.name, step.outcome) for step in report.steps] == [
        ("backup", "good"), ("restore", "bad"), ("failover", "good"), ("load", "bad"),
    ]  # fmt: skip
    assert "nothing was done to it" in report.steps[1].text
    assert "nothing to fail over to" in report.steps[2].text
    assert "errors" in report.steps[3].text
    assert not report.good
    assert db["types"].count_documents({}) == 1
    assert len(shelf.backups()) == 1
