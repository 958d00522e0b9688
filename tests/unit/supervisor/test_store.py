"""What is remembered outlives the process, a damaged file does not stop it, and a shutdown is no stop by hand."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor import lasting
from app.supervisor.state import Container, ServiceState, State
from app.supervisor.store import RETRY, STOP_SETTLES, Line, StateFile
from tests.unit.supervisor.world import BEGIN, World

REDIS = ServiceState("redis", container=Container("c1", "exited"), attempts=(BEGIN,), quarantined=True, restarts=4)


def _reopened(folder: Path, boot: str = "boot-1") -> ServiceState:
    return StateFile(folder, boot).restore(State().services)["redis"]


def test_budget_quarantine_and_counts_are_remembered(tmp_path: Path) -> None:
    StateFile(tmp_path, "boot-1").save([REDIS], BEGIN)
    restored = _reopened(tmp_path)
    assert (restored.remembered_id, restored.attempts, restored.quarantined, restored.restarts) == ("c1", (BEGIN,), True, 4)


def test_a_stop_by_hand_is_remembered_once_it_has_settled(tmp_path: Path) -> None:
    stopped = replace(REDIS, stopped_at=BEGIN)
    store = StateFile(tmp_path, "boot-1")
    store.save([stopped], BEGIN + STOP_SETTLES - timedelta(seconds=1))
    assert _reopened(tmp_path).stopped_at is None
    store.save([stopped], BEGIN + STOP_SETTLES)
    assert _reopened(tmp_path).stopped_at == BEGIN


def test_a_boot_of_the_host_ends_stops_and_quarantines(tmp_path: Path) -> None:
    StateFile(tmp_path, "boot-1").save([replace(REDIS, stopped_at=BEGIN)], BEGIN + STOP_SETTLES)
    restored = _reopened(tmp_path, "boot-2")
    assert (restored.stopped_at, restored.quarantined, restored.attempts) == (None, False, ())
    assert (restored.remembered_id, restored.restarts) == ("c1", 4)


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot-1")
    store.save([REDIS], BEGIN)
    with sqlite3.connect(tmp_path / "supervisor.sqlite3") as other:
        before = other.execute("PRAGMA data_version").fetchone()
        store.save([replace(REDIS, was_healthy=True)], BEGIN + timedelta(seconds=5))
        assert other.execute("PRAGMA data_version").fetchone() == before
        store.save([replace(REDIS, restarts=5)], BEGIN)
        assert other.execute("PRAGMA data_version").fetchone() != before


def test_the_journal_keeps_its_newest_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.store._JOURNAL_ROWS", 10)
    store = StateFile(tmp_path, "boot-1")
    for number in range(25):
        store.note(Line(BEGIN + timedelta(seconds=number), "redis", f"line {number}", number % 2 == 1))
    lines = store.journal(100)
    assert [line.text for line in lines] == [f"line {number}" for number in range(24, 14, -1)]
    assert lines[0] == Line(BEGIN + timedelta(seconds=24), "redis", "line 24", False)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    first = StateFile(tmp_path, "boot-1").key("cookies")
    again = StateFile(tmp_path, "boot-1")
    assert again.key("cookies") == first
    assert again.key("other") != first


@pytest.mark.parametrize("content", [b"this is no database at all, " * 200, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_kept_aside_and_a_fresh_one_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "supervisor.sqlite3").write_bytes(content)
    store = StateFile(tmp_path, "boot-1")
    store.save([REDIS], BEGIN)
    assert _reopened(tmp_path).restarts == 4
    kept = list(tmp_path.glob("*.damaged-*"))
    assert [path.read_bytes() for path in kept] == [content]


def test_a_volume_that_cannot_be_written_costs_memory_not_the_keeper(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    store = StateFile(in_the_way / "folder", "boot-1")
    assert store.trouble
    store.save([REDIS], BEGIN)
    store.note(Line(BEGIN, "redis", "still here", False))
    assert store.journal(1)[0].text == "still here"
    key = store.key("cookies")
    assert len(key) == 32
    assert store.key("cookies") == key
    assert store.trouble, "a write to memory does not mean that it lasts"


def test_what_was_remembered_meanwhile_is_stored_once_the_volume_can_be_written(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    folder = in_the_way / "folder"
    store = StateFile(folder, "boot-1")
    store.define("CREATE TABLE IF NOT EXISTS rooms (name TEXT)")
    key = store.key("cookies")
    store.save([REDIS], BEGIN)
    store.note(Line(BEGIN, "redis", "from before", False))
    in_the_way.unlink()
    store.save([REDIS], BEGIN + RETRY - timedelta(seconds=1))
    assert store.trouble
    assert not folder.exists()
    store.save([REDIS], BEGIN + RETRY)
    assert (store.trouble, store.in_memory) == ("", False)
    store.note(Line(BEGIN, "redis", "from after", False))
    store.close()
    again = StateFile(folder, "boot-1")
    assert again.restore(State().services)["redis"].restarts == 4
    assert [line.text for line in again.journal(9)] == ["from after", "from before"]
    assert again.key("cookies") == key
    assert again.read("SELECT * FROM rooms") == []
    assert again.trouble == ""


@pytest.mark.parametrize("beside", [True, False], ids=["read only", "nothing beside the file"])
def test_a_file_that_cannot_be_written_at_the_start_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    before = StateFile(tmp_path, "boot-1")
    before.save([REDIS], BEGIN)
    before.note(Line(BEGIN, "redis", "from before", False))
    before.close()
    with monkeypatch.context() as full:
        full.setattr(lasting, "open_database", _refuses)
        if not beside:
            full.setattr("app.supervisor.sqlite._only_reading", _only_what_is_in_the_file)
        store = StateFile(tmp_path, "boot-1")
        assert store.trouble == "database or disk is full"
        assert store.restore(State().services)["redis"].quarantined
        store.note(Line(BEGIN, "redis", "meanwhile", False))
        store.save([REDIS], BEGIN)
        assert store.in_memory
    store.save([REDIS], BEGIN + RETRY)
    store.close()
    assert [line.text for line in StateFile(tmp_path, "boot-1").journal(9)] == ["meanwhile", "from before"]


def _refuses(_path: Path, _schema: str) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def _only_what_is_in_the_file(path: Path, way: str) -> sqlite3.Connection:
    if way != "immutable=1":
        raise sqlite3.OperationalError("unable to open database file")
    return sqlite3.connect(f"{path.as_uri()}?{way}", uri=True)


def test_a_volume_that_is_full_again_while_it_is_copied_to_keeps_all_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(path: Path, schema: str) -> tuple[sqlite3.Connection, None]:
        file = lasting.connect(path, schema)
        file.execute("PRAGMA max_page_count = 1")
        return file, None

    with monkeypatch.context() as full:
        full.setattr(lasting, "open_database", _refuses)
        store = StateFile(tmp_path, "boot-1")
    for number in range(50):
        store.note(Line(BEGIN, "redis", f"{number} {'x' * 1000}", False))
    with monkeypatch.context() as full:
        full.setattr(lasting, "open_database", small)
        assert not store.return_to_file()
    assert store.in_memory
    assert store.trouble
    assert len(store.journal(100)) == 50
    assert store.return_to_file()
    assert len(store.journal(100)) == 50
    assert not store.trouble


def test_a_file_that_is_damaged_while_it_is_open_is_kept_aside_and_what_is_at_work_is_in_the_fresh_one(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot-1")
    world = World().healthy()
    world.take("restore", "redis")
    store.save([REDIS], BEGIN)
    store.save_leases(world.state.leases.values())
    for number in range(300):
        store.note(Line(BEGIN, "redis", f"{number} {'x' * 200}", False))
    _spoil(store, tmp_path / "supervisor.sqlite3")
    store.note(Line(BEGIN, "redis", "the first after", False))
    assert store.kept_aside is not None
    assert store.kept_aside.name.startswith("supervisor.damaged-")
    assert (store.trouble, store.in_memory) == ("", False)
    store.save([REDIS], BEGIN)
    store.close()
    again = StateFile(tmp_path, "boot-1")
    assert [line.text for line in again.journal(9)] == ["the first after"]
    assert again.restore(State().services)["redis"].quarantined
    assert list(again.leases(world.now)) == ["restore"]


def test_a_damage_that_is_met_while_reading_is_no_end_either(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot-1")
    for number in range(300):
        store.note(Line(BEGIN, "redis", f"{number} {'x' * 200}", False))
    _spoil(store, tmp_path / "supervisor.sqlite3")
    assert store.journal(500) == []
    assert store.kept_aside is not None
    assert store.kept_aside.exists()


def _spoil(store: StateFile, file: Path) -> None:
    """Overwrite everything but the head of the file, as a failing disk does, and let go of what SQLite still knows by heart."""
    store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as disk:
        disk.seek(4096)
        disk.write(b"\xa5" * (file.stat().st_size - 4096))
    store.read("PRAGMA shrink_memory")
    store._db.execute("PRAGMA cache_size = 0")


def test_a_volume_that_fills_up_is_said_and_forgiven(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot-1")
    store._db.execute("PRAGMA max_page_count = 1")  # as good as a full disk
    for _line in range(200):
        store.note(Line(BEGIN, "redis", "x" * 1000, False))
    assert "full" in store.trouble
    store._db.execute("PRAGMA max_page_count = 100000")
    store.save([REDIS], BEGIN)
    assert store.trouble == ""
    assert _reopened(tmp_path).restarts == 4
