"""Backups that must not be restored: exit code 1, the reason in words, the data untouched, the other backups as they were."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backup.configuration import Configuration
from app.backup.contents import differences
from app.backup.records import records
from app.backup.server import Server, read_contents
from app.backup.shelf import Backup, Shelf, write_json
from app.backup.tasks import run
from app.backup.verify import verify
from app.core.clock import SYSTEM, FixedClock
from app.core.mongo import Db
from app.supervisor.backups.figures import figures
from tests.integration.backup.conftest import KEYS, Command

Dumped = Callable[[], Backup]
Spoil = Callable[[Backup], None]


def _flip(backup: Backup) -> None:
    raw = bytearray(backup.archive.read_bytes())
    raw[len(raw) // 3] ^= 4
    backup.archive.write_bytes(raw)


def _truncate(backup: Backup) -> None:
    backup.archive.write_bytes(backup.archive.read_bytes()[:-1000])


def _empty(backup: Backup) -> None:
    backup.archive.write_bytes(b"")


def _another_appliances(backup: Backup) -> None:
    """As large, as good an archive, of somebody else's data."""
    raw = backup.archive.read_bytes()
    backup.archive.write_bytes(raw[::-1])


def _edited(backup: Backup) -> None:
    _change(backup, lambda body: body["collections"]["indexed"].update(count=11))


def _change(backup: Backup, change: Callable[[dict[str, Any]], Any]) -> None:
    path = backup.folder / "manifest.json"
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_flip, "was damaged or replaced. Use another backup"),
        (_truncate, "it was cut short or replaced. Use another backup"),
        (_empty, "The archive has 0 bytes instead of"),
        (_another_appliances, "was damaged or replaced. Use another backup"),
        (_edited, "was changed after it was written. Use another backup"),
    ],
)
def test_a_spoilt_backup_is_refused(
    command: Command, dumped: Dumped, shelf: Shelf, server: Server, db: Db, spoil: Spoil, sentence: str
) -> None:
    good = dumped()
    spoilt = dumped()
    spoil(spoilt)
    _refused(command, shelf, server, db, spoilt.id, sentence)
    assert verify(shelf.find(good.id)).documents == sum(one.count for one in _contents(server, db).values())


def test_a_proven_backup_found_damaged_counts_as_proven_no_more_and_is_an_alert(
    command: Command, dumped: Dumped, shelf: Shelf
) -> None:
    backup = dumped()
    write_json(backup.folder / "proof.json", {"ok": True, "at": SYSTEM.now().isoformat()})
    assert shelf.find(backup.id).proven
    assert command("verify", backup.id).returncode == 0
    assert shelf.find(backup.id).proven
    assert _told(shelf)["verify_failed"] == 0
    _flip(backup)
    assert command("verify", backup.id).returncode == 1
    assert not shelf.find(backup.id).proven
    assert _told(shelf)["verify_failed"] == 1


@pytest.mark.parametrize("key", KEYS)
def test_another_appliances_backup_is_refused_by_the_name_of_its_key(
    command: Command, dumped: Dumped, shelf: Shelf, server: Server, db: Db, secrets_folder: Any, key: str
) -> None:
    backup = dumped()
    (secrets_folder / key).write_text("of another appliance")
    _refused(command, shelf, server, db, backup.id, f"The backup was made with other keys ({key})")


def test_a_newer_schema_than_the_code_is_refused(command: Command, dumped: Dumped, shelf: Shelf, server: Server, db: Db) -> None:
    db["migrations"].insert_one({"_id": 999})
    backup = dumped()
    db["migrations"].delete_one({"_id": 999})
    _refused(command, shelf, server, db, backup.id, "is of a newer version (migration 999, this one knows")


def test_without_room_for_a_dump_there_is_none_and_an_alert(
    command: Command, environment: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    _fill_the_disk(environment, tmp_path)
    done = command("backup")
    assert done.returncode == 1
    assert "Not enough disk: " in done.stderr
    assert "Make room, then try again." in done.stderr
    assert shelf.backups() == []
    assert _told(shelf)["backup_failed"] == 1


def test_without_room_for_a_restore_nothing_is_begun(
    command: Command, environment: dict[str, str], dumped: Dumped, shelf: Shelf, server: Server, db: Db, tmp_path: Path
) -> None:
    backup = dumped()
    _fill_the_disk(environment, tmp_path)
    _refused(command, shelf, server, db, backup.id, "Not enough disk: ")


def test_a_database_that_dies_while_loading_is_put_back_and_is_an_alert(
    command: Command, environment: dict[str, str], dumped: Dumped, shelf: Shelf, server: Server, db: Db, tmp_path: Path
) -> None:
    backup = dumped()
    tools = tmp_path / "dying"
    tools.mkdir()
    real = {tool: shutil.which(tool, path=str(server.tools) if server.tools else None) for tool in ("mongodump", "mongorestore")}
    (tools / "mongodump").symlink_to(str(real["mongodump"]))
    (tools / "mongorestore").write_text(f'#!/bin/sh\n{real["mongorestore"]} "$@"; echo "Failed: connection reset" >&2; exit 1\n')
    (tools / "mongorestore").chmod(0o755)
    environment["TRADEAI_TOOLS_DIR"] = str(tools)
    before = _contents(server, db)
    done = command("restore", backup.id)
    assert done.returncode == 1
    assert "Failed: connection reset Everything was undone: the data is what it was before." in done.stderr
    assert differences(before, _contents(server, db)) == []
    assert not (shelf.work / "restore.json").exists()
    assert _told(shelf)["restore_failed"] == 1


def test_a_clock_one_year_ahead_deletes_nothing_and_is_an_alert(
    command: Command, environment: Any, monkeypatch: Any, shelf: Shelf
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for _time in range(2):
        assert command("backup").returncode == 0
    ahead = FixedClock(SYSTEM.now() + timedelta(days=365))
    record = run(Configuration(), "prune", "schedule", clock=ahead)
    assert not record.ok
    assert "the clock jumped, or backups have stopped. Set the clock right" in record.text
    assert len(shelf.backups()) == 2
    assert _told(shelf)["retention_refused"] == 1


@pytest.mark.parametrize("target", ["nowhere:bucket", "/proc/nothing"])
def test_a_target_elsewhere_that_is_down_leaves_the_backup_whole_and_is_an_alert(
    command: Command, environment: dict[str, str], shelf: Shelf, tmp_path: Any, target: str
) -> None:
    environment["TRADEAI_OFFSITE"] = target
    if shutil.which("rclone") is None:  # where only the container has it, any program that says no will do
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/rclone").write_text("#!/bin/sh\necho 'ERROR : no such remote' >&2; exit 1\n")
        (tmp_path / "bin/rclone").chmod(0o755)
        environment["PATH"] = f"{tmp_path}/bin:{environment['PATH']}"
    made = command("backup")
    assert made.returncode == 0, made.stderr
    assert [(record.kind, record.ok) for record in records(shelf)] == [("offsite", False), ("backup", True)]
    assert f"could not be copied to {target}" in records(shelf)[0].text
    again = command("offsite", "latest")
    assert again.returncode == 1
    assert "could not be copied to" in again.stderr
    assert verify(shelf.find("latest"))
    told = _told(shelf)
    assert (told["offsite_failed"], told["backup_failed"]) == (1, 0)


def _fill_the_disk(environment: dict[str, str], folder: Path) -> None:
    """Every process begun from now on sees one megabyte free."""
    (folder / "full").mkdir()
    patch = "import shutil\nreal = shutil.disk_usage\nshutil.disk_usage = lambda path: real(path)._replace(free=10**6)\n"
    (folder / "full" / "sitecustomize.py").write_text(patch)
    environment["PYTHONPATH"] = str(folder / "full")


def _refused(command: Command, shelf: Shelf, server: Server, db: Db, backup_id: str, sentence: str) -> None:
    before = _contents(server, db)
    for arguments in ((backup_id, "--check"), (backup_id,)):
        done = command("restore", *arguments)
        assert done.returncode == 1
        assert sentence in done.stderr
    assert differences(before, _contents(server, db)) == []
    assert not (shelf.work / "restore.json").exists()
    assert _told(shelf)["restore_failed"] == 0  # refused to the person who asked; nothing broke


def _contents(server: Server, db: Db) -> Any:
    with server.client() as client:
        return read_contents(client[db.name])


def _told(shelf: Shelf) -> dict[str, float]:
    now = SYSTEM.now()
    return {measured.name: measured.value for measured in figures(shelf.backups(), records(shelf), now, now)}
