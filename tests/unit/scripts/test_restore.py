"""scripts/restore.sh: what it stops and starts, and that it goes back by itself; a script that writes along plays Docker."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # real processes are started here

ROOT = Path(__file__).resolve().parents[3]
DOCKER = """#!/bin/bash
shift 3 # compose --project-directory ROOT
echo "$*" >>"$LOG"
case "$*" in
    "ps --status running --quiet backup") echo id ;;
    "ps --status running --quiet nginx") echo "${NGINX-id}" ;;
    *"app.cli backup list --json") printf '{"restore": {"ok": true, "outcome": "", "step": "%s"}, "tasks": []}' "${PAGE:-}" ;;
    "ps --format {{.Health}} "*) [ "${*: -1}" = "${SICK:-}" ] && echo unhealthy || echo healthy ;;
    *"app.backup ${BREAKS:-nothing} "*) [ -z "${JOURNAL:-}" ] || echo "${THEIRS:-$*}" >"$JOURNAL"; echo "it broke" >&2; exit 1 ;;
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
        "scripts/tradeai",
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
                "PAGE_SECONDS": "0",
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
            re.sub(r" --(who|mark) .*", "", line).removeprefix("exec -T backup python -m app.backup ")
            for line in asked
            if not line.startswith("ps") and "app.cli" not in line
        ]

    return play


UP = "up -d --no-deps --no-build --no-recreate"
STORES, STOP = f"{UP} --wait mongodb redis", "stop supervisor worker backend realtime ai"
START, START_ALL = f"{UP} worker backend realtime ai", f"{UP} mongodb redis worker backend realtime ai supervisor"


def test_a_restore_stops_the_keeper_and_the_writers_and_settles_when_they_are_healthy(run: Run) -> None:
    done, asked = run("20260301T020000Z-ab12", "--yes")
    assert done.returncode == 0, done.stderr
    name = "20260301T020000Z-ab12"
    assert asked == [f"restore {name} --check", STORES, STOP, f"restore {name}", START, "settle", START_ALL]


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
    assert asked[-4:] == [STORES, STOP, "undo", START_ALL]
    assert "settle" not in asked


def test_a_restore_that_breaks_starts_the_services_again(run: Run) -> None:
    done, asked = run("--yes", BREAKS="restore latest --mark")
    assert done.returncode == 1
    assert "The restore failed, see above; the services run again" in done.stderr
    assert asked == ["restore latest --check", STORES, STOP, "restore latest", START_ALL]


def test_a_restore_killed_after_the_switch_is_undone_at_once(run: Run, tmp_path: Path) -> None:
    done, asked = run("--yes", BREAKS="restore latest --mark", JOURNAL=str(tmp_path / "backups/.work/restore.json"))
    assert done.returncode == 1
    assert asked[-2:] == ["undo", START_ALL]


def test_when_the_services_cannot_be_stopped_nothing_is_changed(run: Run) -> None:
    done, asked = run("--yes", BREAKS="stop")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert asked == ["restore latest --check", STORES, STOP]


def test_what_somebody_elses_restore_left_is_not_undone(run: Run, tmp_path: Path) -> None:
    journal = tmp_path / "backups/.work/restore.json"
    done, asked = run("--yes", BREAKS="restore latest --mark", JOURNAL=str(journal), THEIRS="of the page")
    assert done.returncode == 1
    assert asked == ["restore latest --check", STORES, STOP, "restore latest", START_ALL]


def test_when_nothing_runs_the_databases_come_first_and_everything_last(run: Run) -> None:
    done, asked = run("--yes", NGINX="")
    assert done.returncode == 0, done.stderr
    assert asked.index(STORES) < asked.index("restore latest")
    assert asked[-1] == "up -d --no-build --no-recreate"


def test_a_database_that_does_not_start_changes_nothing(run: Run) -> None:
    done, asked = run("--yes", BREAKS=UP)
    assert done.returncode == 1
    assert "The database could not be started, so nothing was changed" in done.stderr
    assert asked == ["restore latest --check", STORES]


@pytest.mark.parametrize("wish", [(), ("--undo",)])
def test_the_second_of_two_is_refused_before_it_does_anything(run: Run, tmp_path: Path, wish: tuple[str, ...]) -> None:
    (tmp_path / ".cache").mkdir()
    with (tmp_path / ".cache/restore.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, asked = run("--yes", *wish)
    assert done.returncode == 1
    assert "Another restore is at work" in done.stderr
    assert asked == []
    assert run("--yes", *wish)[0].returncode == 0


@pytest.mark.parametrize("wish", [(), ("--undo",)])
def test_a_restore_of_the_page_is_not_taken_from_under_it(run: Run, wish: tuple[str, ...]) -> None:
    done, asked = run("--yes", *wish, PAGE="saving what is there, restoring, comparing")
    assert done.returncode == 1
    assert "A restore from the page is at work (saving what is there" in done.stderr
    assert asked == []


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
