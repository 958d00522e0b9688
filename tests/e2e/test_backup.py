"""On the deployed appliance: a backup, its proof in the throwaway database, and the way back, with the real tools."""

import fcntl
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.appliance import Appliance, wait_until

WHILE_ANOTHER_WORKS = """
import fcntl, subprocess, sys
with open("/var/lib/tradeai/backups/.work/lock", "a+") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    sys.exit(subprocess.call([sys.executable, "-m", "app.backup", "backup", "hand"], close_fds=True))
"""
MARK = "written after the backup"


def _answer(appliance: Appliance, *command: str, timeout: float = 300) -> Any:
    return json.loads(appliance.tradeai(*command, "--json", timeout=timeout).stdout)


def _mongosh(appliance: Appliance, script: str) -> str:
    return appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", script).stdout.strip()


@pytest.fixture(scope="module")
def backup(appliance: Appliance) -> Iterator[str]:
    """The name of a backup made just now, of an appliance with the demonstration data."""
    appliance.wait_healthy()
    made = _answer(appliance, "backup", "now")
    assert made["ok"], made
    yield made["backup"]
    appliance.wait_healthy()


def test_the_backup_lies_on_the_host_and_only_root_and_its_maker_read_it(appliance: Appliance, backup: str) -> None:
    folder = appliance.root / appliance.env["BACKUP_DIR"] / "database" / backup
    assert {path.name for path in folder.iterdir()} >= {"archive.gz", "manifest.json"}
    assert folder.stat().st_mode & 0o077 == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["collections"]["sales"]["count"] > 100_000
    assert not any(
        appliance.env[name.upper()] in json.dumps(manifest) for name in ("secret_key", "jwt_keys", "mongo_app_password")
    )


def test_it_is_listed_and_whole(appliance: Appliance, backup: str) -> None:
    assert backup in [one["id"] for one in _answer(appliance, "backup", "list")["backups"]]
    assert _answer(appliance, "backup", "verify", backup)["ok"]


def test_the_test_of_the_quarter_proves_a_backup_and_leaves_no_database_behind(appliance: Appliance) -> None:
    report = _answer(appliance, "drill", "quarterly", timeout=900)
    outcomes = {step["name"]: (step["outcome"], step["text"]) for step in report["steps"]}
    assert {name: outcome for name, (outcome, _text) in outcomes.items()} == {
        "backup": "good", "restore": "good", "failover": "good", "load": "good",
    }, outcomes  # fmt: skip
    assert "every content hash" in outcomes["restore"][1]
    assert "A second backend read it for a signed-in administrator" in outcomes["restore"][1]
    assert "nothing to fail over to" in outcomes["failover"][1]
    assert report["id"] in [one["id"] for one in _answer(appliance, "drill", "list")["reports"]]
    newest = _answer(appliance, "backup", "list")["backups"][0]
    assert (newest["reason"], newest["proof"]["ok"]) == ("quarterly", True)
    empty = ("exec", "-T", "drill", "sh", "-c", "ls -A /data/db")
    wait_until(lambda: appliance.compose(*empty).stdout.strip() == "", 60, "the throwaway database was not thrown away")


def test_the_drill_server_reaches_nothing_but_the_container_backup(appliance: Appliance) -> None:
    reach = "exec 3<>/dev/tcp/{}/27017"
    assert (
        appliance.compose("exec", "-T", "drill", "timeout", "3", "bash", "-c", reach.format("mongodb"), check=False).returncode
        != 0
    )
    assert (
        appliance.compose("exec", "-T", "backend", "timeout", "3", "bash", "-c", reach.format("drill"), check=False).returncode
        != 0
    )


def test_cron_and_a_person_never_run_two_at_once(appliance: Appliance, backup: str) -> None:
    done = appliance.compose("exec", "-T", "backup", "python", "-c", WHILE_ANOTHER_WORKS, check=False)
    assert done.returncode == 1
    assert "at work" in done.stderr
    assert backup in [one["id"] for one in _answer(appliance, "backup", "list")["backups"]]


def test_the_host_saves_settings_and_code_once_and_the_page_knows(appliance: Appliance) -> None:
    appliance.run("scripts/backup-duties.sh", timeout=600)
    folder = appliance.root / appliance.env["BACKUP_DIR"]
    saved = {
        kind: sorted(path.name for path in (folder / kind).iterdir() if path.name[0].isdigit())
        for kind in ("configuration", "code")
    }
    assert all(saved.values())
    assert (folder / "configuration" / saved["configuration"][-1] / "configuration.tar.gz").stat().st_mode & 0o077 == 0
    told = [task["kind"] for task in _answer(appliance, "backup", "list")["tasks"]]
    assert {"configuration", "code"} <= set(told)
    appliance.run("scripts/backup-duties.sh", timeout=600)
    assert [task["kind"] for task in _answer(appliance, "backup", "list")["tasks"]] == told


def test_what_cannot_be_restored_is_refused_before_anything_stops(appliance: Appliance) -> None:
    done = appliance.tradeai("restore", "20000101T000000Z-aaaa", "--yes", check=False)
    assert done.returncode == 1
    assert "There is no backup 20000101T000000Z-aaaa" in done.stderr
    assert appliance.health()["status"] == "ok"


@pytest.mark.parametrize("way", ["tradeai", "scripts/restore.sh"])
def test_a_restore_takes_back_what_was_done_since(appliance: Appliance, backup: str, way: str) -> None:
    before = _mongosh(appliance, "print(db.sales.countDocuments())")
    _mongosh(appliance, f"db.customers.insertOne({{_id: '{MARK}'}}); db.sales.deleteMany({{period: {{$exists: true}}}})")
    if way == "tradeai":
        appliance.tradeai("restore", backup, "--yes", timeout=900)
    else:
        appliance.run(way, backup, "--yes", timeout=900)
    appliance.wait_healthy()
    assert _mongosh(appliance, "print(db.sales.countDocuments())") == before
    assert _mongosh(appliance, f"print(db.customers.countDocuments({{_id: '{MARK}'}}))") == "0"
    assert _mongosh(appliance, "print(db.getCollectionNames().filter(n => /^re(storing|placed)_/.test(n)).length)") == "0"
    with appliance.signed_in() as client:
        assert client.get("/api/v1/customers").status_code == 200
    assert appliance.tradeai("audit", "verify").returncode == 0
    told = f"print(db.audit.countDocuments({{action: 'backup.restored', subject_id: '{backup}'}}))"
    wait_until(lambda: _mongosh(appliance, told) == "1", 60, "the restored audit trail does not tell of the restore")


def test_a_second_restore_by_script_is_refused_while_one_is_at_work(appliance: Appliance, backup: str) -> None:
    with (appliance.root / ".cache/restore.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = appliance.run("scripts/restore.sh", backup, "--yes", check=False)
    assert done.returncode == 1
    assert "Another restore is at work" in done.stderr
    assert appliance.health()["status"] == "ok"


@pytest.mark.long
def test_a_restore_brings_back_an_appliance_of_which_nothing_runs(appliance: Appliance, backup: str) -> None:
    _mongosh(appliance, f"db.customers.insertOne({{_id: '{MARK}'}})")
    appliance.compose("down")
    appliance.run("scripts/restore.sh", backup, "--yes", timeout=900)
    appliance.wait_healthy(300)
    assert _mongosh(appliance, f"print(db.customers.countDocuments({{_id: '{MARK}'}}))") == "0"
    assert _mongosh(appliance, "print(db.getCollectionNames().filter(n => /^re(storing|placed)_/.test(n)).length)") == "0"
