"""What is remembered outlives the process, a damaged file does not stop it, and a shutdown is no stop by hand."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.state import Container, ServiceState, State
from app.supervisor.store import STOP_SETTLES, Line, StateFile
from tests.unit.supervisor.world import BEGIN

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
    assert len(store.key("cookies")) == 32


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
