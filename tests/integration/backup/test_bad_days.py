"""After every bad day: the data that was there is there, the earlier backups are there, and the message says what happened."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import app.backup.restore as restoring
from app.backup.contents import Contents, differences
from app.backup.dump import Source, make_backup
from app.backup.errors import BackupFailed, BackupUnusable, RestoreFailed
from app.backup.restore import JOURNAL, REPLACED, RESTORING, Target, go_back, preflight, restore
from app.backup.server import Server, read_contents
from app.backup.shelf import DATABASE, Backup, Shelf
from app.core.clock import SYSTEM
from app.core.mongo import Db

Dumped = Callable[[], Backup]
# The tool ends well first: a server that is left in the middle of a cursor keeps others waiting for a minute.
CUT = 'whole=$(mktemp); "{real}" "$@" >$whole; head -c 3000 $whole; rm $whole'
Disk = namedtuple("Disk", "total used free")


class Unchanged:
    """Looks at the database twice."""

    def __init__(self, server: Server, db: Db) -> None:
        self._server, self._name = server, db.name

    def look(self) -> Contents:
        with self._server.client() as client:
            return read_contents(client[self._name])


@pytest.fixture
def unchanged(server: Server, db: Db) -> Callable[[], Any]:
    """`with unchanged():` the block leaves every document, index and collection as it was."""
    eye = Unchanged(server, db)

    @contextmanager
    def block() -> Iterator[None]:
        before = eye.look()
        yield
        assert differences(before, eye.look()) == []

    return block


def fake_tool(folder: Path, name: str, script: str) -> Path:
    """A `tools` folder in which one tool behaves badly."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def with_tool(source: Source, folder: Path, name: str, script: str) -> Source:
    """`source` with one tool replaced and the others real."""
    real = {
        tool: shutil.which(tool, path=str(source.server.tools) if source.server.tools else None)
        for tool in ("mongodump", "mongorestore")
    }
    fake_tool(folder, name, script.format(real=real[name]))
    for tool, path in real.items():
        if tool != name and path:
            (folder / tool).symlink_to(path)
    return replace(source, server=replace(source.server, tools=folder))


class TestDump:
    """None of these leaves anything that looks like a backup."""

    @pytest.fixture(autouse=True)
    def _nothing_new(self, dumped: Dumped, shelf: Shelf) -> Iterator[None]:
        first = dumped()
        yield
        assert [backup.id for backup in shelf.backups()] == [first.id]
        assert list((shelf.root / DATABASE).glob("*.partial")) == []

    def test_the_database_is_down(self, shelf: Shelf, source: Source) -> None:
        away = replace(source, server=replace(source.server, port=9, timeout_seconds=0.2))
        with pytest.raises(BackupFailed, match="The database does not answer"):
            make_backup(shelf, DATABASE, away, "hand", SYSTEM)

    def test_the_password_is_wrong(self, shelf: Shelf, source: Source) -> None:
        wrong = replace(source, server=replace(source.server, password=SecretStr("wrong")))
        with pytest.raises(BackupFailed, match=r"The database does not answer|mongodump did not end well"):
            make_backup(shelf, DATABASE, wrong, "hand", SYSTEM)

    def test_the_database_dies_in_the_middle(self, shelf: Shelf, source: Source, tmp_path: Path) -> None:
        dies = with_tool(source, tmp_path / "t", "mongodump", CUT + '; echo "x\tFailed: connection reset" >&2; exit 1')
        with pytest.raises(BackupFailed, match="mongodump did not end well: Failed: connection reset"):
            make_backup(shelf, DATABASE, dies, "hand", SYSTEM)

    def test_it_ends_with_code_0_and_half_an_archive(self, shelf: Shelf, source: Source, tmp_path: Path) -> None:
        half = with_tool(source, tmp_path / "t", "mongodump", CUT)
        with pytest.raises(BackupFailed, match="mongodump did not end well"):
            make_backup(shelf, DATABASE, half, "hand", SYSTEM)

    def test_it_ends_with_code_0_and_nothing(self, shelf: Shelf, source: Source, tmp_path: Path) -> None:
        nothing = with_tool(source, tmp_path / "t", "mongodump", "exit 0")
        with pytest.raises(BackupFailed, match="mongodump did not end well"):
            make_backup(shelf, DATABASE, nothing, "hand", SYSTEM)

    def test_it_writes_something_else(self, shelf: Shelf, source: Source, tmp_path: Path) -> None:
        other = with_tool(source, tmp_path / "t", "mongodump", "echo hello | gzip")
        with pytest.raises(BackupFailed, match="mongodump did not end well"):
            make_backup(shelf, DATABASE, other, "hand", SYSTEM)

    def test_it_complains_more_than_a_pipe_holds(self, shelf: Shelf, source: Source, tmp_path: Path) -> None:
        noisy = with_tool(source, tmp_path / "t", "mongodump", "yes complaint | head -c 1000000 >&2; exit 3")
        with pytest.raises(BackupFailed, match="mongodump did not end well: complaint"):
            make_backup(shelf, DATABASE, noisy, "hand", SYSTEM)

    def test_the_database_is_empty(self, shelf: Shelf, source: Source) -> None:
        with pytest.raises(BackupFailed, match=r"The database test_no_such_one is empty: there is nothing to back up"):
            make_backup(shelf, DATABASE, replace(source, database="test_no_such_one"), "hand", SYSTEM)

    def test_there_is_no_room(self, shelf: Shelf, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Disk(10**9, 10**9, 10**6))
        with pytest.raises(BackupFailed, match=r"Not enough disk: \d+ MB are needed in .*, 1 MB are free. Make room"):
            make_backup(shelf, DATABASE, source, "hand", SYSTEM)

    def test_the_disk_fills_meanwhile(self, shelf: Shelf, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_anything: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("app.backup.dump.ReadAlong.take", full)
        with pytest.raises(BackupFailed, match=r"cannot be written: No space left on device. The earlier backups are untouched"):
            make_backup(shelf, DATABASE, source, "hand", SYSTEM)


class TestPreflight:
    """Refused before anything is touched."""

    def test_wrong_keys(self, dumped: Dumped, shelf: Shelf, target: Target, unchanged: Any) -> None:
        with unchanged(), pytest.raises(BackupUnusable, match=r"other keys \(secret_key\)"):
            restore(shelf, dumped(), replace(target, read_secret=lambda _name: "other"), SYSTEM)

    def test_a_newer_schema(self, dumped: Dumped, shelf: Shelf, target: Target, unchanged: Any, db: Db) -> None:
        db["migrations"].insert_one({"_id": 7})
        with unchanged(), pytest.raises(BackupUnusable, match=r"newer version \(migration 7, this one knows 1\)"):
            restore(shelf, dumped(), target, SYSTEM)

    def test_a_flipped_bit(self, dumped: Dumped, shelf: Shelf, target: Target, unchanged: Any) -> None:
        backup = dumped()
        raw = bytearray(backup.archive.read_bytes())
        raw[len(raw) // 2] ^= 1
        backup.archive.write_bytes(raw)
        with unchanged(), pytest.raises(BackupUnusable, match="damaged or replaced"):
            restore(shelf, backup, target, SYSTEM)

    def test_no_room(self, dumped: Dumped, shelf: Shelf, target: Target, unchanged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        backup = dumped()
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Disk(10**9, 10**9, 10**6))
        with unchanged(), pytest.raises(BackupFailed, match="Not enough disk"):
            preflight(shelf, backup, target)


class TestRestore:
    """Whatever breaks once it has begun, the data is what it was, and the message says so."""

    @pytest.fixture
    def changed(self, dumped: Dumped, db: Db) -> Backup:
        """A backup, and data that has moved on since."""
        backup = dumped()
        db["indexed"].insert_one({"a": 99, "b": 99, "words": "after the backup"})
        db["new"].insert_one({"x": 1})
        return backup

    def test_the_safety_dump_fails(self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, tmp_path: Path) -> None:
        fails = replace(target, source=with_tool(target.source, tmp_path / "t", "mongodump", "exit 1"))
        with unchanged(), pytest.raises(RestoreFailed, match="could not be saved first, so nothing was changed"):
            restore(shelf, changed, fails, SYSTEM)
        assert not (shelf.work / JOURNAL).exists()

    def test_the_database_dies_while_loading(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, tmp_path: Path
    ) -> None:
        dies = replace(
            target,
            source=with_tool(target.source, tmp_path / "t", "mongorestore", '"{real}" "$@"; echo "x\tFailed: EOF" >&2; exit 1'),
        )
        with unchanged(), pytest.raises(RestoreFailed, match=r"mongorestore did not end well: Failed: EOF Everything was undone"):
            restore(shelf, changed, dies, SYSTEM)

    def test_what_came_back_is_not_what_was_saved(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, tmp_path: Path
    ) -> None:
        skips = replace(target, source=with_tool(target.source, tmp_path / "t", "mongorestore", "exit 0"))
        with unchanged(), pytest.raises(RestoreFailed, match=r"What came back is not what was saved: .*Everything was undone"):
            restore(shelf, changed, skips, SYSTEM)

    def test_the_restored_data_contradicts_itself(
        self, dumped: Dumped, shelf: Shelf, target: Target, unchanged: Any, db: Db
    ) -> None:
        db["audit"].insert_one({"_id": 1, "prev": "0" * 64, "hash": "f" * 64, "action": "forged"})
        torn = dumped()
        db["audit"].delete_many({})
        with (
            unchanged(),
            pytest.raises(
                RestoreFailed, match=r"The backup contradicts itself: audit trail.* --accept-broken. Everything was undone"
            ),
        ):
            restore(shelf, torn, target, SYSTEM)
        restore(shelf, torn, target, SYSTEM, accept_broken=True)
        assert db["audit"].count_documents({}) == 1

    @pytest.mark.parametrize("renamed", [1, 6, 11])
    def test_it_breaks_in_the_middle_of_the_switch(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, monkeypatch: pytest.MonkeyPatch, renamed: int
    ) -> None:
        break_after(renamed, monkeypatch)
        with unchanged(), pytest.raises(RestoreFailed, match=r"the server went away. Everything was undone"):
            restore(shelf, changed, target, SYSTEM)

    def test_the_new_data_does_not_work_and_is_taken_back(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, db: Db
    ) -> None:
        with unchanged():
            restore(shelf, changed, target, SYSTEM)
            db["made by a migration"].insert_one({"x": 1})
            go_back(shelf, target.source)
        assert not (shelf.work / JOURNAL).exists()

    def test_begun_twice(self, changed: Backup, shelf: Shelf, target: Target) -> None:
        restore(shelf, changed, target, SYSTEM)
        with pytest.raises(RestoreFailed, match=r"An earlier restore was not brought to its end. Undo it first"):
            restore(shelf, changed, target, SYSTEM)

    @pytest.mark.parametrize("renamed", [2, 9])
    def test_killed_in_the_switch_and_undone_later(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, monkeypatch: pytest.MonkeyPatch, renamed: int
    ) -> None:
        with unchanged():
            with monkeypatch.context() as patch:
                break_after(renamed, patch, KeyboardInterrupt)  # nothing of ours handles it: as good as a kill
                with pytest.raises(KeyboardInterrupt):
                    restore(shelf, changed, target, SYSTEM)
            assert restoring.unfinished(shelf)
            go_back(shelf, target.source)
        assert restoring.unfinished(shelf) is None

    def test_undoing_may_itself_be_interrupted(
        self, changed: Backup, shelf: Shelf, target: Target, unchanged: Any, db: Db
    ) -> None:
        with unchanged():
            restore(shelf, changed, target, SYSTEM)
            db[REPLACED + "types"].rename("types", dropTarget=True)  # as far as the first undoing came
            go_back(shelf, target.source)
        assert not [name for name in db.list_collection_names() if name.startswith((REPLACED, RESTORING))]


def break_after(renamed: int, monkeypatch: pytest.MonkeyPatch, error: type[BaseException] = RestoreFailed) -> None:
    """The switch is broken off after so many renamings."""

    def broken(db: Any, live: list[str], restored: Any) -> None:
        steps = [(name, REPLACED + name) for name in live] + [(RESTORING + name, name) for name in restored]
        for old, new in [step for step in steps if "." not in step[1]][:renamed]:
            db[old].rename(new)
        raise error("the server went away.")

    monkeypatch.setattr(restoring, "_switch", broken)


def test_a_killed_dump_leaves_no_tool_running_and_nothing_that_looks_whole(shelf: Shelf, source: Source, tmp_path: Path) -> None:
    slow = with_tool(source, tmp_path / "t", "mongodump", 'echo $$ >"' + str(tmp_path / "pid") + '"; exec sleep 600')
    failure: list[BaseException] = []

    def dump() -> None:
        try:
            make_backup(shelf, DATABASE, slow, "hand", SYSTEM)
        except BackupFailed as error:
            failure.append(error)

    work = threading.Thread(target=dump)
    work.start()
    pid_file = tmp_path / "pid"
    pause = threading.Event()
    for _attempt in range(200):
        if pid_file.exists() and pid_file.read_text().strip():
            break
        pause.wait(0.05)
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    work.join(10)
    assert re.search("mongodump did not end well: it was killed", str(failure[0]))
    assert shelf.backups() == []
    assert subprocess.run(["pgrep", "-f", str(pid_file)], check=False, capture_output=True).returncode == 1
