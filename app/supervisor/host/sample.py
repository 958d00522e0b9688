"""One look at the machine: processors, memory, swap, disks, inodes, load. In a container these are the host's figures."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

from app.supervisor.host.disks import sample_disks
from app.supervisor.state import HostState


def sample_host(folders: Mapping[str, Path], lag: float = 0.0) -> HostState:
    """The host now; `folders` as `sample_disks` has them, `lag` is how late (seconds) the caller's timer was.

    The first `cpu` of a process is 0.
    """
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    disk, *others = sample_disks(folders)
    return HostState(
        cpu=psutil.cpu_percent(interval=None) / 100,
        cpu_count=psutil.cpu_count() or 1,
        load=psutil.getloadavg(),
        memory_total=memory.total,
        memory_available=memory.available,
        swap_total=swap.total,
        swap_used=swap.used,
        disk_total=disk.total,
        disk_free=disk.free,
        inodes_total=disk.inodes_total,
        inodes_free=disk.inodes_free,
        booted_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
        lag=lag,
        disks=tuple(others),
    )


def boot_id() -> str:
    """The kernel's name for this boot of the host; empty where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
