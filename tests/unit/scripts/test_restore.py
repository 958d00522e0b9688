"""scripts/restore.sh: what it stops and starts, and that it goes back by itself; a script that writes along plays Docker."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKER = """#!/bin/bash
shift 3 # compose --project-directory ROOT
echo "$*" >>"$LOG"
case "$*" in
    "ps --status running --quiet backup") echo id ;;
    "ps --format {{.Health}} "*) [ "${*: -1}" = "${SICK:-}" ] && echo unhealthy || echo healthy ;;
    *"app.backup ${BREAKS:-nothing} "*) [ -z "${JOURNAL:-}" ] || touch "$JOURNAL"; echo "it broke" >&2; exit 1 ;;
    "${BREAKS:-nothing} "*) exit 1 ;;
esac
"""

Run = Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("--yes", SICK="ai")`: the ended script, and what it asked of Docker Compose, in order."""
    (tmp_path / "scripts/lib").mkdir(parents=True)
    for name in (
        "scripts/restore.sh",
        "scripts/backup-mongodb.sh",
        "scripts/lib/log.sh",
        "scripts/lib/dotenv.sh",
        "scripts/lib/backup.sh",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".env").write_text("BACKUP_DIR=./backups\n")
    (tmp_path / "backups/.work").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    log = tmp_path / "log"

    def play(*arguments: str, script: str = "restore", **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        done = subprocess.run(
            [tmp_path / f"scripts/{script}.sh", *arguments],
            env={
                "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
                "LOG": str(log),
                "HEALTHY_SECONDS": "0",
                "NO_COLOR": "1",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        asked = log.read_text().splitlines() if log.exists() else []
        return done, [
            line.split(" --who")[0].removeprefix("exec -T backup python -m app.backup ")
            for line in asked
            if not line.startswith("ps")
        ]

    return play


STOP, START, START_ALL = (
    "stop supervisor worker backend realtime ai",
    "start worker backend realtime ai",
    ["start mongodb redis", "start worker backend realtime ai supervisor"],
)


def test_a_restore_stops_the_keeper_and_the_writers_and_settles_when_they_are_healthy(run: Run) -> None:
    done, asked = run("20260301T020000Z-ab12", "--yes")
    assert done.returncode == 0, done.stderr
    name = "20260301T020000Z-ab12"
    assert asked == [f"restore {name} --check", STOP, f"restore {name}", START, "settle", *START_ALL]


def test_what_cannot_be_restored_stops_nothing(run: Run) -> None:
    done, asked = run("--yes", BREAKS="restore")
    assert done.returncode == 1
    assert "Nothing was changed" in done.stderr
    assert asked == ["restore latest --check"]


def test_without_a_person_or_yes_nothing_is_changed(run: Run) -> None:
    done, asked = run()
    assert done.returncode == 1
    assert "add --yes" in done.stderr
    assert asked == ["restore latest --check"]


def test_services_that_do_not_work_with_the_restored_data_get_the_old_data_back(run: Run) -> None:
    done, asked = run("--yes", SICK="ai")
    assert done.returncode == 1
    assert "The restore was undone: the data is what it was before" in done.stderr
    assert asked[-4:] == [STOP, "undo", *START_ALL]
    assert "settle" not in asked


def test_a_restore_that_breaks_starts_the_services_again(run: Run) -> None:
    done, asked = run("--yes", BREAKS="restore latest --who")
    assert done.returncode == 1
    assert "The restore failed, see above; the services run again" in done.stderr
    assert asked == ["restore latest --check", STOP, "restore latest", *START_ALL]


def test_a_restore_killed_after_the_switch_is_undone_at_once(run: Run, tmp_path: Path) -> None:
    done, asked = run("--yes", BREAKS="restore latest --who", JOURNAL=str(tmp_path / "backups/.work/restore.json"))
    assert done.returncode == 1
    assert asked[-3:] == ["undo", *START_ALL]


def test_when_the_services_cannot_be_stopped_nothing_is_changed(run: Run) -> None:
    done, asked = run("--yes", BREAKS="stop")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert asked == ["restore latest --check", STOP]


def test_a_backup_by_hand_prunes_afterwards(run: Run) -> None:
    done, asked = run(script="backup-mongodb")
    assert done.returncode == 0, done.stderr
    assert asked == ["backup hand", "prune"]


def test_a_backup_that_fails_has_exit_code_1_and_prunes_nothing(run: Run) -> None:
    done, asked = run(script="backup-mongodb", BREAKS="backup")
    assert done.returncode == 1
    assert asked == ["backup hand"]


@pytest.mark.parametrize("script", ["restore", "backup-mongodb"])
def test_an_unknown_option_does_nothing(run: Run, script: str) -> None:
    done, asked = run("--nonsense", script=script)
    assert done.returncode == 1
    assert "Unknown option --nonsense" in done.stderr
    assert asked == []
