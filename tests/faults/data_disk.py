"""The disk of the data volume at 95 %: database and supervisor are moved onto a small disk, as both lie on Docker's in earnest.

The small disk is a file with a file system of its own, mounted through the kernel's loop device: real blocks, and nothing of the
machine's own disk is filled (the filler only reserves blocks of a file that has holes).
"""

import os
from pathlib import Path

from tests.appliance import wait_until
from tests.faults.fault import Fault, Healer, Pace
from tests.faults.rig import KEPT, Rig

_SIZE = 3 * 1024**3
_VOLUMES = ("supervisor-state", "mongodb-data")
_FREE = 0.05
_WRITES = 5  # acknowledged with the disk at 95 %: the database still works


def _folder(rig: Rig, volume: str) -> Path:
    listed = rig.docker("volume", "inspect", "-f", "{{.Mountpoint}}", f"{rig.appliance.project}_{volume}")
    return Path(listed.strip())


def _small_disk(rig: Rig) -> Path:
    """An empty file system of its own, mounted beside the appliance."""
    image, place = rig.appliance.root / "small-disk.img", rig.appliance.root / "small-disk"
    with image.open("wb") as file:
        file.truncate(_SIZE)
    rig.appliance.run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    place.mkdir()
    rig.notes["image"], rig.notes["place"] = image, place
    rig.appliance.run("mount", "-o", "loop", str(image), str(place))
    return place


def _stop(rig: Rig) -> None:
    """The supervisor first, or it would heal the database."""
    rig.docker("stop", rig.container("supervisor"))
    rig.docker("stop", rig.container("mongodb"))


def _start(rig: Rig) -> None:
    """The supervisor last: it finds everything well, and has nothing to tell."""
    rig.docker("start", rig.container("mongodb"))
    wait_until(lambda: all(_well(rig, service) for service in KEPT), 180, "not every container was healthy again")
    rig.docker("start", rig.container("supervisor"))
    wait_until(lambda: rig.watcher.last, 60, "the supervisor does not answer")
    rig.settle()


def _well(rig: Rig, service: str) -> bool:
    state = rig.inspect(service)["State"]
    return bool(state["Running"] and state["Health"]["Status"] == "healthy")


def _move(rig: Rig) -> None:
    place = _small_disk(rig)
    _stop(rig)
    rig.notes["bound"] = []
    for volume in _VOLUMES:
        rig.appliance.run("cp", "-a", str(_folder(rig, volume)), str(place / volume))
        rig.appliance.run("mount", "--bind", str(place / volume), str(_folder(rig, volume)))
        rig.notes["bound"].append(volume)
    _start(rig)


def _fill(rig: Rig) -> None:
    """To 95 %; then the database must still take writes."""
    rig.set_pace(Pace.PATIENT, disk_low="after = '5s'\ncalm = '5s'")
    _move(rig)
    place = rig.notes["place"]
    room = os.statvfs(place)
    with (place / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, int((room.f_bavail - room.f_blocks * _FREE) * room.f_frsize))
    before = rig.writer.mark()
    wait_until(lambda: len(rig.writer.mark() - before) >= _WRITES, 60, "the database takes no writes at 95 %")


def _move_back(rig: Rig) -> None:
    """With everything that was written meanwhile."""
    place = rig.notes.get("place")
    if place is None:
        return
    (place / "filler").unlink(missing_ok=True)
    if rig.notes.get("bound"):
        if rig.watcher.last:
            rig.settle()
        _stop(rig)
    for volume in rig.notes.get("bound", []):
        folder = _folder(rig, volume)
        rig.appliance.run("umount", str(folder))
        rig.appliance.run("find", str(folder), "-mindepth", "1", "-delete")
        rig.appliance.run("cp", "-a", f"{place / volume}/.", str(folder))
    if "bound" in rig.notes:
        _start(rig)
    rig.appliance.run("umount", str(place))
    place.rmdir()
    rig.notes["image"].unlink()


FAULTS = (
    Fault(
        "disk of the data volume at 95 %",
        "host",
        inject=_fill,
        stands=lambda rig: rig.heard.since(rig.notes["begun"]),
        undo=_move_back,
        blamed=("host",),
        told=("disk_low",),
        unwell=False,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        limit=300,
    ),
)
