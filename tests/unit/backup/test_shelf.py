"""A folder without `.partial` is a whole backup; whatever goes wrong leaves none that is not."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.backup.errors import BackupFailed
from app.backup.shelf import Backup, Shelf
from app.core.errors import NotFound

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
Make = Callable[..., Backup]


def test_what_ends_well_is_there_under_its_name(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with shelf.writing("database", NOW) as folder:
        assert folder.name.endswith(".partial")
        (folder / "archive.gz").write_text("x")
        assert shelf.backups() == []
    (made,) = shelf.backups()
    assert made.id.startswith("20260301T020000Z-")
    assert made.archive.read_text() == "x"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(ZeroDivisionError), shelf.writing("database", NOW) as folder:
        (folder / "archive.gz").write_text(str(1 / 0))
    assert list((tmp_path / "database").iterdir()) == []


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(BackupFailed, match=r"cannot be written: No space left on device. The earlier backups are untouched"),
        Shelf(tmp_path).writing("database", NOW),
    ):
        raise OSError(28, "No space left on device")


def test_what_a_killed_run_left_is_swept_and_the_rest_stays(tmp_path: Path, backup: Make) -> None:
    made = backup()
    (tmp_path / "database" / "20260302T020000Z-cccc.partial").mkdir()
    shelf = Shelf(tmp_path)
    assert [one.id for one in shelf.backups()] == [made.id]
    assert shelf.sweep() == ["20260302T020000Z-cccc.partial"]
    assert [one.id for one in shelf.backups()] == [made.id]


@pytest.mark.parametrize("name", ["../database", "20260301T020000Z-ab12/..", "nothing", "", ".", "x.partial"])
def test_a_name_never_leads_outside(tmp_path: Path, backup: Make, name: str) -> None:
    backup()
    with pytest.raises(NotFound, match="There is no backup"):
        Shelf(tmp_path).find(name)


def test_latest_skips_what_cannot_be_used(tmp_path: Path, backup: Make) -> None:
    good, bad = backup("20260301T020000Z-aaaa"), backup("20260302T020000Z-bbbb")
    (bad.folder / "manifest.json").write_text("{")
    assert Shelf(tmp_path).find("latest").id == good.id
    assert "cannot be read" in Shelf(tmp_path).find(bad.id).trouble


def test_the_newest_comes_first(tmp_path: Path, backup: Make) -> None:
    backup("20260301T020000Z-aaaa")
    backup("20260302T020000Z-bbbb")
    assert [one.id[:8] for one in Shelf(tmp_path).backups()] == ["20260302", "20260301"]
