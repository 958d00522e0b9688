"""Each disk that something of ours lies on is seen once, under the first name that lies on it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.supervisor.host.disks import sample_disks, words_for
from app.supervisor.host.sample import sample_host
from app.supervisor.pages.overview import host_facts
from app.supervisor.state import Disk
from tests.unit.supervisor.decide.test_judge import HOST

FOLDERS = {"": Path("/state"), "backups": Path("/backups"), "logs": Path("/logs")}


def room(folder: Path) -> os.statvfs_result:
    """A thousand blocks of 4 kB, of which the backups have 10 left and the others 500."""
    free = 10 if folder.name == "backups" else 500
    return os.statvfs_result((4096, 4096, 1000, free, free, 100, 50, 50, 0, 255))


def test_folders_on_one_disk_are_one_disk() -> None:
    found = sample_disks(FOLDERS, lambda _folder: 7, room)
    assert [(disk.name, disk.free) for disk in found] == [("", 500 * 4096)]


def test_a_disk_of_its_own_has_an_entry_of_its_own() -> None:
    found = sample_disks(FOLDERS, lambda folder: 8 if folder.name == "backups" else 7, room)
    assert [(disk.name, disk.total, disk.free_share) for disk in found] == [("", 4096000, 0.5), ("backups", 4096000, 0.01)]


def test_backups_and_logs_on_one_further_disk_are_told_as_that_of_the_backups() -> None:
    found = sample_disks(FOLDERS, lambda folder: 7 if folder.name == "state" else 8, room)
    assert [disk.name for disk in found] == ["", "backups"]


def test_a_disk_that_is_not_mounted_hides_no_other() -> None:
    def device(folder: Path) -> int:
        if folder.name == "backups":
            raise OSError("stale file handle")
        return hash(folder)

    assert [disk.name for disk in sample_disks(FOLDERS, device, room)] == ["", "logs"]


def test_without_the_disk_of_the_volumes_there_is_no_sample() -> None:
    with pytest.raises(OSError, match="No such file"):
        sample_disks({"": Path("/no/such/folder"), "logs": Path("/")})


def test_the_sample_of_this_machine_names_the_disk_of_the_volumes_first(tmp_path: Path) -> None:
    host = sample_host({"": tmp_path, "backups": tmp_path})
    assert host.disks == ()
    assert (host.all_disks[0].name, host.all_disks[0].total) == ("", host.disk_total)
    assert host.disk_total > 0


def test_every_disk_has_words() -> None:
    assert [words_for(name) for name in FOLDERS] == ["the disk", "the disk of the backups", "the disk of the logs"]


def test_the_pages_show_a_further_disk() -> None:
    facts = host_facts(replace(HOST, disks=(Disk("backups", 10**12, 25 * 10**10),)))
    assert ("The disk of the backups", "750 GB", "of 1.0 TB") in facts
    assert "The disk of the backups" not in {what for what, _value, _whole in host_facts(HOST)}
