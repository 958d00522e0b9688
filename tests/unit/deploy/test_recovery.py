"""deploy.sh --restore-from: which backup it takes, what it refuses before anything is changed, and whose settings it uses."""

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash

Make = Callable[..., Path]
PLAN = 'RESTORE_FROM="{}"; plan_recovery; echo "chose $RECOVERY"'


@pytest.fixture
def full(tmp_path: Path) -> Make:
    """`full("20260301T020000Z")`: a full backup as scripts/backup-system.sh leaves it."""

    def make(name: str, secret: str = "theirs") -> Path:
        folder = tmp_path / "away" / name
        (folder / "database" / "20260301T020000Z-ab12").mkdir(parents=True)
        (folder / "database" / "20260301T020000Z-ab12" / "archive.gz").write_text("archive")
        (folder / ".env").write_text(
            f"SECRET_KEY={secret}\nJWT_KEYS='{{}}'\nTRADEAI_DATABASE=mongodb\nDOCKER_GID=5\nHTTP_PORT=81\n"
        )
        with tarfile.open(folder / "configuration.tar.gz", "w:gz") as tar:
            tar.add(folder / ".env", ".env")
        (folder / ".env").unlink()
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(folder)}\n"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        (folder / "SHA256SUMS").write_text("".join(sums))
        return folder

    return make


def test_without_the_option_nothing_happens(bash: Bash) -> None:
    assert bash('RESTORE_FROM=""; plan_recovery; recover_configuration; phase_recovery').stdout == ""


def test_the_newest_of_several_is_taken_and_what_is_half_copied_is_not(bash: Bash, full: Make) -> None:
    full("20260301T020000Z")
    newest = full("20260401T020000Z")
    full("20260501T020000Z.partial")
    assert f"chose {newest}" in bash(PLAN.format(newest.parent)).stdout
    assert "chose " in bash(PLAN.format(newest)).stdout


def test_a_folder_without_a_backup_is_refused(bash: Bash, tmp_path: Path) -> None:
    done = bash(PLAN.format(tmp_path))
    assert done.returncode == 1
    assert "holds no full backup" in done.stderr


def test_a_damaged_one_is_refused(bash: Bash, full: Make) -> None:
    folder = full("20260301T020000Z")
    (folder / "database/20260301T020000Z-ab12/archive.gz").write_text("archivE")
    done = bash(PLAN.format(folder))
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "Nothing was changed" in done.stderr


def test_other_keys_are_not_written_over(bash: Bash, full: Make, tmp_path: Path) -> None:
    folder = full("20260301T020000Z")
    (tmp_path / ".env").write_text("SECRET_KEY=mine\nJWT_KEYS='{}'\n")
    done = bash(PLAN.format(folder))
    assert done.returncode == 1
    assert "has a .env with other keys" in done.stderr
    assert (tmp_path / ".env").read_text().startswith("SECRET_KEY=mine")


def test_on_a_second_run_its_own_settings_are_no_obstacle(bash: Bash, full: Make, tmp_path: Path) -> None:
    folder = full("20260301T020000Z")
    (tmp_path / ".env").write_text("SECRET_KEY=theirs\nJWT_KEYS='{}'\nHTTP_PORT=82\n")
    done = bash(PLAN.format(folder) + "; recover_configuration; dotenv_get .env HTTP_PORT")
    assert done.stdout.splitlines()[-1] == "82"


def test_the_settings_are_the_backups_and_what_belongs_to_the_old_machine_is_found_out_anew(
    bash: Bash, full: Make, tmp_path: Path
) -> None:
    done = bash(PLAN.format(full("20260301T020000Z")) + "; recover_configuration")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / ".env").read_text()
    assert "SECRET_KEY=theirs" in written
    assert "HTTP_PORT=81" in written
    assert "TRADEAI_DATABASE=\n" in written
    assert "DOCKER_GID=\n" in written
