"""One look at the machine: processors, memory, swap, disk, inodes, load. In a container these are the host's figures."""

import os
from datetime import UTC, datetime
from pathlib import Path

import psutil

from app.supervisor.state import HostState


def sample_host(folder: Path, lag: float = 0.0) -> HostState:
    """The host now; `folder` lies on the disk that Docker's volumes share, `lag` is how late (seconds) the caller's timer was.

    The first `cpu` of a process is 0.
    """
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    disk = os.statvfs(folder)
    return HostState(
        cpu=psutil.cpu_percent(interval=None) / 100,
        cpu_count=psutil.cpu_count() or 1,
        load=psutil.getloadavg(),
        memory_total=memory.total,
        memory_available=memory.available,
        swap_total=swap.total,
        swap_used=swap.used,
        disk_total=disk.f_blocks * disk.f_frsize,
        disk_free=disk.f_bavail * disk.f_frsize,
        inodes_total=disk.f_files,
        inodes_free=disk.f_favail,
        booted_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
        lag=lag,
    )


def boot_id() -> str:
    """The kernel's name for this boot of the host; empty where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
