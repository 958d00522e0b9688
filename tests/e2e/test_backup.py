"""On the deployed appliance: a backup, its proof in the throwaway database, and the way back, with the real tools."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
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


def test_the_script_for_cron_makes_a_whole_backup(appliance: Appliance) -> None:
    before = {one["id"] for one in _answer(appliance, "backup", "list")["backups"]}
    done = appliance.run("scripts/backup-mongodb.sh", "--no-prune")
    (made,) = {one["id"] for one in _answer(appliance, "backup", "list")["backups"]} - before
    assert f"{made} is made: " in done.stdout
    assert (appliance.root / appliance.env["BACKUP_DIR"] / "database" / made / "archive.gz").is_file()
    assert _answer(appliance, "backup", "verify", made)["ok"]


def test_one_customer_lies_beside_the_live_data_and_is_dropped_again(appliance: Appliance, backup: str) -> None:
    """With the rights that the database user of the container really has."""
    store = _mongosh(appliance, "print(db.sales.findOne().customer_id)")
    side = "beside_of_a_test"
    drop = f"db.getSiblingDB('{side}').dropDatabase()"
    try:
        found = _answer(appliance, "backup", "side", backup, side, "--customer", store)
        compared = found["facts"]["collections"]
        below = int(_mongosh(appliance, f"print(db.customers.countDocuments({{path: '{store}'}}))"))
        assert compared["customers"] == {"missing": 0, "added": 0, "changed": 0, "equal": below}
        assert compared["sales"]["equal"] > 0
        assert compared["sales"]["missing"] == compared["sales"]["changed"] == 0
        there = _mongosh(appliance, f"print(db.getSiblingDB('{side}').sales.countDocuments({{}}))")
        assert int(there) == compared["sales"]["equal"]
    finally:
        _mongosh(appliance, drop)


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


@pytest.mark.long
def test_the_whole_system_lies_in_one_folder_proven_and_copied(appliance: Appliance, tmp_path: Path) -> None:
    appliance.run("scripts/backup-system.sh", "--to", str(tmp_path), timeout=1800)
    (full,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (tmp_path / "newest-proven").read_text() == f"{full.name}\n"
    files = {path.name for path in full.iterdir()}
    assert files >= {
        "about",
        "SHA256SUMS",
        "configuration.tar.gz",
        "models.tar.gz",
        "supervisor.tar.gz",
        "redis.rdb",
        "images.json",
    }
    assert {"code.bundle", "code.tar.gz"} & files
    assert "proven yes" in (full / "about").read_text()
    appliance.run("sh", "-c", f"cd {full} && sha256sum --quiet --strict -c SHA256SUMS")
    own = appliance.root / appliance.env["BACKUP_DIR"] / "system" / full.name
    assert own.stat().st_mode & 0o077 == 0


@pytest.mark.long
def test_the_manuals_way_back_with_the_plain_tools(appliance: Appliance) -> None:
    """docker compose down; up -d mongodb; mongorestore; up -d."""
    counts = "print(db.sales.countDocuments(), db.customers.countDocuments(), db.products.countDocuments())"
    tool = ("exec", "-T", "mongodb")
    before = _mongosh(appliance, counts)
    appliance.compose(*tool, "mongodump", "--out", "/tmp/manual", timeout=900)
    try:
        _mongosh(appliance, f"db.customers.insertOne({{_id: '{MARK}'}}); db.sales.deleteMany({{period: {{$exists: true}}}})")
        appliance.compose("down")
        appliance.compose("up", "-d", "mongodb")
        ping = (*tool, "mongosh", "--eval", "db.adminCommand('ping')")
        wait_until(lambda: appliance.compose(*ping, check=False).returncode == 0, 120, "the database did not come up")
        appliance.compose(*tool, "mongorestore", "--drop", "--nsInclude", "tradeai.*", "/tmp/manual", timeout=900)
        appliance.compose("up", "-d", timeout=600)
        appliance.wait_healthy(300)
        assert _mongosh(appliance, counts) == before
    finally:
        appliance.compose(*tool, "rm", "-rf", "/tmp/manual", check=False)
        appliance.compose("up", "-d", check=False, timeout=600)


@pytest.mark.long
def test_every_backup_is_copied_to_a_mounted_folder_and_compared_there(appliance: Appliance, tmp_path: Path) -> None:
    """By the deployed container: its own rclone, its own user, the folder mounted as the manual says."""
    (tmp_path / "elsewhere").mkdir()
    os.chown(tmp_path / "elsewhere", 10001, 10001)
    settings = appliance.root / ".env"
    before = settings.read_text()
    kept = [line for line in before.splitlines() if not line.startswith(("BACKUP_OFFSITE=", "BACKUP_OFFSITE_DIR="))]
    try:
        settings.write_text("\n".join([*kept, "BACKUP_OFFSITE=/offsite", f"BACKUP_OFFSITE_DIR={tmp_path}/elsewhere", ""]))
        appliance.compose("up", "-d", "--no-build", "--no-deps", "--wait", "backup")
        made = _answer(appliance, "backup", "now")["backup"]

        def copied() -> Any:
            return next(one for one in _answer(appliance, "backup", "list")["backups"] if one["id"] == made)["copied"]

        assert wait_until(copied, 60, "the backup was not copied")["target"] == "/offsite"
        own = appliance.root / appliance.env["BACKUP_DIR"] / "database" / made
        for name in ("archive.gz", "manifest.json"):
            assert (tmp_path / "elsewhere" / made / name).read_bytes() == (own / name).read_bytes()
    finally:
        settings.write_text(before)
        appliance.compose("up", "-d", "--no-build", "--no-deps", "--wait", "backup")
