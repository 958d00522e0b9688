"""Room is looked at where it is needed: on the disk of the backups, and on the database's own."""

from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from app.backup.errors import BackupFailed
from app.backup.space import Disk, check_room, disk_from

GB = 10**9
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def ten_free_of_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of the backups."""
    monkeypatch.setattr("app.backup.space.shutil.disk_usage", lambda _folder: Usage(100 * GB, 90 * GB, 10 * GB))


@pytest.mark.parametrize(
    ("database", "saved", "loaded", "short"),
    [
        (None, 4 * GB, 5 * GB, ""),
        (None, 4 * GB, 6 * GB, "backups"),
        (Disk(100 * GB, 10 * GB), 4 * GB, 6 * GB, "backups"),
        (Disk(50 * GB, 7 * GB), 4 * GB, 6 * GB, ""),
        (Disk(50 * GB, 3 * GB), 4 * GB, 6 * GB, "the database"),
        (Disk(50 * GB, 40 * GB), 10 * GB, 6 * GB, "backups"),
    ],
)
def test_what_is_saved_and_what_is_loaded_need_room_each_where_it_goes(
    tmp_path: Path, database: Disk | None, saved: int, loaded: int, short: str
) -> None:
    folder = tmp_path / "backups"
    if not short:
        check_room(folder, database, saved=saved, loaded=loaded)
        return
    with pytest.raises(BackupFailed, match=f"MB are needed in .*{short}, .* MB are free. Make room"):
        check_room(folder, database, saved=saved, loaded=loaded)


class Told:
    """A database that says what it is asked to say."""

    def __init__(self, stats: dict[str, Any]) -> None:
        self.command = lambda _name: stats


@pytest.mark.parametrize(
    ("stats", "disk"),
    [({"fsTotalSize": 100.0, "fsUsedSize": 30.0}, Disk(100, 70)), ({"ok": 1.0}, None), ({"fsTotalSize": 0}, None)],
)
def test_a_server_tells_its_disk_or_does_not(stats: dict[str, Any], disk: Disk | None) -> None:
    assert disk_from(Told(stats)) == disk  # type: ignore[arg-type]
