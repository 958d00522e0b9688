"""The machine runs short: the disk of the supervisor's volume, and the processors."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.faults.fault import Fault, Healer, Pace
from tests.faults.rig import Rig

_SIZE = 64 * 1024 * 1024
_BLOCK = 4096
_UID = 10001
_HOG = "import os; os.nice(19)\nwhile True: pass"
_FILE = "filler"


def _state_folder(rig: Rig) -> Path:
    listed = rig.docker("volume", "inspect", "-f", "{{.Mountpoint}}", f"{rig.appliance.project}_supervisor-state")
    return Path(listed.strip())


def _small_disk(rig: Rig) -> Path:
    """The volume on a disk of its own of 64 MB, with what was in it: what looks at the volume sees that disk.

    The machine's own disk is not filled, because others live on it.
    """
    folder = _state_folder(rig)
    aside = folder.with_name("aside")
    rig.docker("stop", rig.container("supervisor"))
    rig.appliance.run("cp", "-a", str(folder), str(aside))
    rig.appliance.run("mount", "-t", "tmpfs", "-o", f"size={_SIZE},uid={_UID},gid={_UID},mode=0700", "tmpfs", str(folder))
    rig.appliance.run("cp", "-a", f"{aside}/.", str(folder))
    rig.docker("start", rig.container("supervisor"))
    rig.notes["folder"] = folder
    rig.settle()
    return folder


def _fill(rig: Rig, free: float) -> None:
    """Until `free` of the small disk is left; 0 for not a byte."""
    folder = _small_disk(rig)
    found = os.statvfs(folder)
    size = int((found.f_bavail - found.f_blocks * free) * found.f_frsize)
    with (folder / _FILE).open("wb", buffering=0) as filler, suppress(OSError):
        for _block in range(size // _BLOCK if free else 2 * _SIZE // _BLOCK):
            filler.write(b"\0" * _BLOCK)


def _big_disk(rig: Rig) -> None:
    """Back to the machine's disk, with what the supervisor has written meanwhile."""
    folder = rig.notes.get("folder")
    if folder is None:
        return
    (folder / _FILE).unlink(missing_ok=True)
    rig.settle()
    aside = folder.with_name("aside")
    rig.docker("stop", rig.container("supervisor"))
    for command in (
        ("rm", "-rf", str(aside)),
        ("cp", "-a", str(folder), str(aside)),
        ("umount", str(folder)),
        ("cp", "-a", f"{aside}/.", str(folder)),
        ("rm", "-rf", str(aside)),
    ):
        rig.appliance.run(*command)
    rig.docker("start", rig.container("supervisor"))
    rig.settle()


def _is_told(rig: Rig) -> object:
    return rig.heard.since(rig.notes["begun"])


def _fill_and_kill(rig: Rig) -> None:
    _fill(rig, 0)
    rig.kill_main("redis")


def _full_and_healed(rig: Rig) -> bool:
    about = {alert for told in rig.heard.since(rig.notes["begun"]) for alert in told.alerts}
    return rig.watcher.healthy and {"disk_full", "service_down redis"} <= about


def _hog(rig: Rig) -> None:
    rig.set_pace(Pace.PATIENT, host_cpu="after = '10s'\ncalm = '5s'")
    count = (os.cpu_count() or 1) * 2
    rig.notes["hogs"] = [subprocess.Popen([sys.executable, "-c", _HOG]) for _each in range(count)]


def _free(rig: Rig) -> None:
    for hog in rig.notes.get("hogs", []):
        hog.kill()
        hog.wait(10)


FAULTS = (
    Fault(
        "disk of the state volume at 95 %",
        "host",
        inject=lambda rig: (rig.set_pace(Pace.PATIENT, disk_low="after = '5s'\ncalm = '5s'"), _fill(rig, 0.05)),
        stands=_is_told,
        undo=_big_disk,
        blamed=("host",),
        told=("disk_low",),
        unwell=False,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
    ),
    Fault(
        "disk of the state volume full to the last byte, and redis killed",
        "host",
        inject=_fill_and_kill,
        stands=_full_and_healed,
        undo=_big_disk,
        blamed=("host", "redis"),
        told=("disk_full", "service_down redis"),
        perhaps=("state_unwritable",),
        restarted=("redis",),
        unwell=False,
    ),
    Fault(
        "all processors taken for the rule's time (scaled to 10 s)",
        "host",
        inject=_hog,
        stands=_is_told,
        undo=_free,
        blamed=("host",),
        told=("host_cpu",),
        unwell=False,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        limit=120,
    ),
)
