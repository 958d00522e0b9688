"""The disks that something of ours lies on: Docker's volumes, backups, logs; each once, whatever shares it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from app.core.i18n import N_, _
from app.supervisor.state import Disk

_WORDS = {"": N_("the disk"), "backups": N_("the disk of the backups"), "logs": N_("the disk of the logs")}


def words_for(name: str) -> str:
    """The disk of that name for people."""
    return _(_WORDS[name]) if name in _WORDS else name


def sample_disks(
    folders: Mapping[str, Path],
    device: Callable[[Path], int] = lambda folder: os.stat(folder).st_dev,
    room: Callable[[Path], os.statvfs_result] = os.statvfs,
) -> list[Disk]:
    """One entry for each device, under the first name in `folders` that lies on it; "" has to be the first of them.

    Raises OSError when that first one cannot be looked at; another one that cannot (a disk that is not mounted) is left out.
    """
    found: dict[int, Disk] = {}
    for name, folder in folders.items():
        try:
            number, seen = device(folder), room(folder)
        except OSError:
            if not found:
                raise
            continue
        size, free = seen.f_blocks * seen.f_frsize, seen.f_bavail * seen.f_frsize
        found.setdefault(number, Disk(name, size, free, seen.f_files, seen.f_favail))
    return list(found.values())
