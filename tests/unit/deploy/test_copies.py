"""deploy.sh --restore-from takes the newest copy of the database elsewhere, where it is newer than the full backup and whole."""

from pathlib import Path

import pyrage
import pytest

from tests.unit.deploy.conftest import Bash
from tests.unit.deploy.test_recovery import AGE, RCLONE

FULL = "20260301T020000Z-ab12"
# restore.sh refuses what its archive calls bad.
LOOK = """
DATABASE_FROM="{place}" RECOVERY_KEY="{key}" CONTAINER_USER=$(id -u)
mkdir -p scripts backups; touch .env
printf '#!/bin/sh\n! grep -q bad backups/$1/archive.gz\n' >scripts/restore.sh; chmod +x scripts/restore.sh
newer_copy {full} backups; echo "took $NEWER"
"""


def copy(place: Path, name: str, text: str = "good") -> None:
    (place / name).mkdir(parents=True)
    (place / name / "archive.gz").write_text(text)
    (place / name / "manifest.json").write_text("{}")


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A PATH with age and rclone."""
    (tmp_path / "programs").mkdir()
    for name, text in (("age", AGE), ("rclone", RCLONE)):
        (tmp_path / "programs" / name).write_text(text)
        (tmp_path / "programs" / name).chmod(0o755)
    return f"{tmp_path}/programs:/usr/local/bin:/usr/bin:/bin"


def test_the_newest_that_is_whole_is_taken(bash: Bash, tmp_path: Path) -> None:
    place = tmp_path / "place"
    copy(place, "20260302T020000Z-0001")
    copy(place, "20260303T020000Z-0002")
    copy(place, "20260304T020000Z-0003", "bad")
    (place / "20260305T020000Z-0004").mkdir()  # a copy that broke off has no manifest
    done = bash(LOOK.format(place=place, key="", full=FULL))
    assert "took 20260303T020000Z-0002" in done.stdout, done.stderr
    assert "20260304T020000Z-0003" in done.stderr
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["20260303T020000Z-0002"]


@pytest.mark.parametrize("name", ["20260228T020000Z-0001", FULL])
def test_what_is_not_newer_than_the_full_backup_is_left(bash: Bash, tmp_path: Path, name: str) -> None:
    copy(tmp_path / "place", name)
    assert bash(LOOK.format(place=tmp_path / "place", key="", full=FULL)).stdout.endswith("took \n")


def test_without_a_place_nothing_is_looked_for(bash: Bash) -> None:
    assert bash(LOOK.format(place="", key="", full=FULL)).stdout.endswith("took \n")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("BACKUP_OFFSITE=s3:bucket/tradeai\n", "s3:bucket/tradeai"),
        ("BACKUP_OFFSITE=/offsite\nBACKUP_OFFSITE_DIR=/mnt/elsewhere\n", "/mnt/elsewhere"),
        ("BACKUP_OFFSITE=/offsite/here\nBACKUP_OFFSITE_DIR=/mnt/elsewhere\n", "/mnt/elsewhere/here"),
        ("BACKUP_OFFSITE=/offsite\n", ""),
        ("", ""),
    ],
)
def test_the_place_is_the_one_of_the_backups_settings(bash: Bash, tmp_path: Path, settings: str, place: str) -> None:
    (tmp_path / ".env").write_text(settings)
    assert bash("DATABASE_FROM=; copies_place").stdout == f"{place}\n"


def test_a_sealed_copy_of_a_remote_is_opened(bash: Bash, programs: str, tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(key))
    folder = tmp_path / "store/there/20260302T020000Z-0001"
    folder.mkdir(parents=True)
    for name in ("archive.gz", "manifest.json"):
        (folder / f"{name}.age").write_bytes(pyrage.encrypt(b"good", [key.to_public()]))
    environment = {"PATH": programs, "STORE": str(tmp_path / "store")}
    assert "took \n" in bash(LOOK.format(place="s3:there", key="", full=FULL), **environment).stdout
    done = bash(LOOK.format(place="s3:there", key=tmp_path / "key", full=FULL), **environment)
    assert "took 20260302T020000Z-0001" in done.stdout, done.stderr
    files = sorted((path.name, path.read_text()) for path in (tmp_path / "backups/20260302T020000Z-0001").iterdir())
    assert files == [("archive.gz", "good"), ("manifest.json", "good")]


def test_the_moment_of_a_backup_is_in_its_name(bash: Bash) -> None:
    assert bash(f"moment_of {FULL}").stdout == "2026-03-01T02:00:00Z\n"
