"""scripts/backup-duties.sh: settings when they changed, code weekly, the system monthly, and an update that was cut short."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # real processes are started here

ROOT = Path(__file__).resolve().parents[3]
DOCKER = """#!/bin/bash
[[ $* != *"app.backup told"* ]] || echo "told ${*: -5:3}" >>"$LOG"
[[ $* != *"ps --status"* ]] || echo id
"""

Run = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation of two days ago, no clone."""
    made = tmp_path / "installation"
    (made / "scripts/lib").mkdir(parents=True)
    for name in ("scripts/backup-duties.sh", *(f"scripts/lib/{name}.sh" for name in ("log", "dotenv", "backup", "elsewhere"))):
        shutil.copy(ROOT / name, made / name)
    for name in ("backup-system", "update"):
        (made / f"scripts/{name}.sh").write_text(f'#!/bin/sh\necho "{name} $*" >>"$LOG"\n[ "$BREAKS" != {name} ]\n')
        (made / f"scripts/{name}.sh").chmod(0o755)
    (made / ".cache/update").mkdir(parents=True)
    (made / ".cache/reread").touch()
    (made / "compose").mkdir()
    (made / "docker-compose.yml").write_text("services: {}\n")
    (made / ".env").write_text("BACKUP_DIR=./backups\n")
    days_ago(made / ".env", 2)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    return made


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    """`run()`: what was told and called, in order."""

    def play(*arguments: str, code: int = 0, breaks: str = "") -> list[str]:
        log = tmp_path / "log"
        log.write_text("")
        done = subprocess.run(
            [folder / "scripts/backup-duties.sh", *arguments],
            env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "LOG": str(log), "BREAKS": breaks, "NO_COLOR": "1"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return [
            line.split(" is made")[0].rsplit(" ", 1)[0] if "is made" in line else line for line in log.read_text().splitlines()
        ]

    return play


def days_ago(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def made(folder: Path, kind: str) -> list[Path]:
    return sorted((folder / "backups" / kind).iterdir()) if (folder / "backups" / kind).is_dir() else []


def test_the_first_night_saves_everything_and_the_next_nothing(run: Run, folder: Path) -> None:
    assert run() == ["told configuration ok", "told code ok", "backup-system "]
    (folder / "backups/system/20260301T020000Z").mkdir(parents=True)
    assert run() == []
    with tarfile.open(made(folder, "configuration")[0] / "configuration.tar.gz") as tar:
        assert {".env", "docker-compose.yml", "compose"} <= set(tar.getnames())
    assert (made(folder, "code")[0] / "SHA256SUMS").exists()


def test_settings_are_saved_again_when_they_changed(run: Run, folder: Path) -> None:
    run("--settings")
    assert run("--settings") == []
    (folder / "backups/configuration" / made(folder, "configuration")[0].name).rename(
        folder / "backups/configuration/20260301T020000Z"
    )
    (folder / ".env").write_text("BACKUP_DIR=./backups\nHTTP_PORT=81\n")
    assert run("--settings") == ["told configuration ok"]
    assert len(made(folder, "configuration")) == 2


def test_code_comes_every_week_and_the_system_every_month_to_where_it_is_wanted(run: Run, folder: Path) -> None:
    with (folder / ".env").open("a") as env:
        env.write("BACKUP_SYSTEM_TO=s3:bucket/tradeai\n")
    run("--settings")
    for kind, days in (("code", 6), ("system", 29)):
        (folder / "backups" / kind / "20260301T020000Z").mkdir(parents=True)
        days_ago(folder / "backups" / kind / "20260301T020000Z", days)
    assert run() == []
    for kind, days in (("code", 7), ("system", 30)):
        days_ago(folder / "backups" / kind / "20260301T020000Z", days)
    assert run() == ["told code ok", "backup-system --to s3:bucket/tradeai"]


def test_a_new_installation_is_given_a_day(run: Run, folder: Path) -> None:
    days_ago(folder / ".env", 0.2)
    assert run() == ["told configuration ok", "told code ok"]


def test_what_fails_is_told_and_is_the_exit_code_and_the_rest_is_done(run: Run, folder: Path) -> None:
    assert run(code=1, breaks="backup-system")[-1] == "backup-system "
    (folder / "backups/code").rename(folder / "backups/away")
    (folder / "backups/code").write_text("no folder")
    (folder / ".env").write_text("BACKUP_DIR=./backups\nHTTP_PORT=82\n")
    assert run(code=1)[0] == "told configuration ok"


def test_an_update_that_was_cut_short_is_undone_first(run: Run, folder: Path) -> None:
    (folder / ".cache/update/state").write_text("STEP=switch\n")
    assert run()[0] == "update --undo"


def test_every_week_the_newest_are_read_back(run: Run, folder: Path) -> None:
    days_ago(folder / ".env", 0.1)  # too young for a backup of the system
    run()
    days_ago(folder / ".cache/reread", 8)
    (told,) = run()
    assert told.startswith("told reread ok")
    assert run() == []


@pytest.mark.parametrize(
    ("kind", "file"), [("configuration", "configuration.tar.gz"), ("configuration", "settings.sha256"), ("code", "code.tar.gz")]
)
def test_a_damaged_one_is_told_set_aside_and_made_anew(run: Run, folder: Path, kind: str, file: str) -> None:
    days_ago(folder / ".env", 0.1)
    run()
    (spoilt,) = made(folder, kind)
    spoilt = spoilt.rename(spoilt.with_name("20260301T020000Z"))
    raw = bytearray((spoilt / file).read_bytes())
    raw[len(raw) // 2] ^= 1
    (spoilt / file).write_bytes(raw)
    days_ago(folder / ".cache/reread", 8)
    told = run(code=1)
    assert told[0].startswith("told reread failed")
    assert f"told {kind} ok" in told
    assert "damaged-20260301T020000Z" in [path.name for path in made(folder, kind)]
    assert len(made(folder, kind)) == 2
    assert run() == []


def test_settings_that_were_packed_otherwise_than_they_were_are_damaged(run: Run, folder: Path) -> None:
    """Whole by its checksums, and yet not what it says: only unpacking shows it."""
    run()
    (spoilt,) = made(folder, "configuration")
    spoilt = spoilt.rename(spoilt.with_name("20260301T020000Z"))
    with tarfile.open(spoilt / "configuration.tar.gz", "w:gz") as tar:
        tar.add(folder / "docker-compose.yml", "docker-compose.yml")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.name}\n"
        for path in spoilt.iterdir()
        if path.name != "SHA256SUMS"
    ]
    (spoilt / "SHA256SUMS").write_text("".join(sums))
    days_ago(folder / ".cache/reread", 8)
    assert run(code=1)[0].startswith("told reread failed")


def test_a_bundle_is_cloned(run: Run, folder: Path) -> None:
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder))
    (folder / ".gitignore").write_text(".cache\nbackups\n.env\n")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "all")):
        subprocess.run([*git, *command], check=True)
    run()
    (code,) = made(folder, "code")
    assert (code / "code.bundle").exists()
    days_ago(folder / ".cache/reread", 8)
    assert run()[0].startswith("told reread ok")
    code = code.rename(code.with_name("20260301T020000Z"))
    (code / "code.bundle").write_bytes((code / "code.bundle").read_bytes()[:-40])
    (code / "SHA256SUMS").write_text(f"{hashlib.sha256((code / 'code.bundle').read_bytes()).hexdigest()}  ./code.bundle\n")
    days_ago(folder / ".cache/reread", 8)
    assert run(code=1)[0].startswith("told reread failed")
