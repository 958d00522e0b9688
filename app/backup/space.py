"""Whether there is room: on the disk of the backups, and on the database's own, which may be another."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from app.backup.errors import BackupFailed
from app.backup.server import Server
from app.core.i18n import _

UNPACKED = 6
"""A database needs about so many times the archive's size."""
_SPARE = 256 << 20  # bytes that must stay free: the database shares the disk


@dataclass(frozen=True)
class Disk:
    """A file system, in bytes."""

    total: int
    free: int


def check_space(folder: Path, needed: int) -> None:
    """Raise BackupFailed when `needed` bytes and a reserve for the database are not free."""
    folder.mkdir(parents=True, exist_ok=True)
    _check(_disk(folder), needed, str(folder))


def check_room(folder: Path, database: Disk | None, *, saved: int, loaded: int) -> None:
    """Raise BackupFailed unless there is room for `saved` bytes in `folder` and `loaded` bytes in the database.

    Two disks of the same size are taken for one. A server that does not tell its disk is taken to share the folder's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = _disk(folder)
    if database is None or database.total == here.total:
        _check(here, saved + loaded, str(folder))
        return
    _check(here, saved, str(folder))
    _check(database, loaded, _("the database"))


def disk_of(server: Server, database: str) -> Disk | None:
    """The disk on which the server keeps its data; None when it does not say or does not answer."""
    try:
        with server.client() as client:
            return disk_from(client[database])
    except PyMongoError:
        return None


def disk_from(db: Database[Any]) -> Disk | None:
    """The same through an open connection. Raises PyMongoError."""
    told = db.command("dbStats")
    total, used = int(told.get("fsTotalSize") or 0), int(told.get("fsUsedSize") or 0)
    return Disk(total, max(total - used, 0)) if total else None


def _disk(folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(usage.total, usage.free)


def _check(disk: Disk, needed: int, where: str) -> None:
    if disk.free < needed + _SPARE:
        raise BackupFailed(
            _(
                "Not enough disk: {needed} MB are needed in {folder}, {free} MB are free. Make room, then try again.",
                needed=(needed + _SPARE) // 10**6,
                free=disk.free // 10**6,
                folder=where,
            )
        )
