"""scripts/backup-system.sh: everything in one folder, proven before it is packed, and nothing left when a part fails."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # real processes are started here

ROOT = Path(__file__).resolve().parents[3]
ID = "20260301T020000Z-ab12"
# Plays Docker: the container makes a backup and proves it as PROOF says; everything else prints something, but not BREAKS.
DOCKER = """#!/bin/bash
shift 3
[ -z "${BREAKS:-}" ] || [[ $* != *"$BREAKS"* ]] || exit 1
database=$ROOT/backups/database/%(id)s
case "$*" in
    "ps --status running --quiet backup") echo id ;;
    *"app.backup backup system"*)
        mkdir -p "$database" && echo archive >"$database/archive.gz"
        echo "%(id)s is made: 3 documents, 0.1 MB." ;;
    *"app.backup drill %(id)s"*)
        case ${PROOF:-good} in
            good) echo '{"ok": true}' >"$database/proof.json" ;;
            wrong) echo '{"ok": false}' >"$database/proof.json"; exit 1 ;;
            none) exit 1 ;;
        esac ;;
    *"app.backup told"*) echo "told ${*: -5:3}" >>"$ROOT/told" ;;
    *) echo something ;;
esac
""" % {"id": ID}  # noqa: UP031 - the script has braces and dollars of its own

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation that is no clone."""
    made = tmp_path / "installation"
    (made / "scripts/lib").mkdir(parents=True)
    for name in (
        "scripts/backup-system.sh",
        *(f"scripts/lib/{lib}.sh" for lib in ("log", "dotenv", "backup", "elsewhere", "apt")),
    ):
        shutil.copy(ROOT / name, made / name)
    (made / "compose").mkdir()
    (made / "docker-compose.yml").write_text("services: {}\n")
    (made / ".env").write_text("BACKUP_DIR=./backups\n")
    (made / "backups").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    return made


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    """`run("--to", PLACE, PROOF="wrong")`: the ended script."""

    def play(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [folder / "scripts/backup-system.sh", *arguments],
            env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "ROOT": str(folder), "NO_COLOR": "1", **environment},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return play


def made(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "backups/system").iterdir() if path.is_dir())


def told(folder: Path) -> list[str]:
    return (folder / "told").read_text().splitlines() if (folder / "told").exists() else []


def test_everything_is_there_with_its_checksum_and_proven(run: Run, folder: Path) -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    (full,) = made(folder)
    assert {path.name for path in full.iterdir()} == {
        "database", "redis.rdb", "models.tar.gz", "supervisor.tar.gz", "images.json", "configuration.tar.gz", "code.tar.gz",
        "about", "SHA256SUMS",
    }  # fmt: skip
    lines = (line.split("  ./") for line in (full / "SHA256SUMS").read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    files = [path for path in full.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    assert listed == {str(path.relative_to(full)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert f"database/{ID}/proof.json" in listed
    assert "proven yes" in (full / "about").read_text().splitlines()
    assert full.stat().st_mode & 0o077 == 0
    assert [line.split()[:3] for line in told(folder)] == [["told", "system", "ok"]]


@pytest.mark.parametrize(("drill", "wish"), [("none", ()), ("good", ("--no-drill",))])
def test_what_could_not_or_should_not_be_tried_is_not_called_proven(
    run: Run, folder: Path, drill: str, wish: tuple[str, ...]
) -> None:
    done = run(*wish, PROOF=drill)
    assert done.returncode == 0, done.stderr
    assert "proven no" in (made(folder)[0] / "about").read_text().splitlines()


def test_a_database_that_came_back_wrong_is_no_backup_of_the_system(run: Run, folder: Path) -> None:
    done = run(PROOF="wrong")
    assert done.returncode == 1
    assert "The database could not be saved, so there is no backup of the system" in done.stderr
    assert made(folder) == []


@pytest.mark.parametrize(
    ("breaks", "part"),
    [("backup system", "database"), ("redis-cli", "redis"), ("exec -T ai", "models"), ("images --format", "images")],
)
def test_a_part_that_fails_leaves_nothing_and_is_told(run: Run, folder: Path, breaks: str, part: str) -> None:
    done = run(BREAKS=breaks)
    assert done.returncode == 1
    assert f"The {part} could not be saved" in done.stderr
    assert made(folder) == []
    assert [line.split()[:3] for line in told(folder)] == [["told", "system", "failed"]]


def test_the_newest_three_are_kept(run: Run, folder: Path) -> None:
    for name in ("20260101T000000Z", "20260102T000000Z", "20260103T000000Z", "20260104T000000Z.partial"):
        (folder / "backups/system" / name).mkdir(parents=True)
    assert run().returncode == 0
    assert [path.name for path in made(folder)][:2] == ["20260102T000000Z", "20260103T000000Z"]
    assert len(made(folder)) == 3


def test_the_second_of_two_is_refused(run: Run, folder: Path) -> None:
    (folder / "backups/system").mkdir()
    with (folder / "backups/system/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run()
    assert done.returncode == 1
    assert "Another backup of the system is at work" in done.stderr


def test_a_copy_is_compared_and_named(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    assert run("--to", str(tmp_path / "share")).returncode == 0
    name = made(folder)[0].name
    assert {path.name for path in (tmp_path / "share").iterdir()} == {name, "newest", "newest-proven"}
    assert (tmp_path / "share/newest-proven").read_text() == f"{name}\n"


def test_a_copy_that_cannot_be_made_is_exit_code_1_and_the_backup_stays(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "bin/cp").write_text('#!/bin/bash\n[[ $1 != -r ]] || exit 1\nexec /bin/cp "$@"\n')
    (tmp_path / "bin/cp").chmod(0o755)
    done = run("--to", str(tmp_path / "share"))
    assert done.returncode == 1
    assert "could not be made or is not what was copied; the backup in" in done.stderr
    assert len(made(folder)) == 1
    assert list((tmp_path / "share").iterdir()) == []
