"""scripts/update.sh on a real clone: a version that is broken at any step is left again by itself, and an interrupted one too."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = ("backup", "dotenv", "log", "supervisor", "update")
SCRIPTS = ("scripts/update.sh", *(f"scripts/lib/{name}.sh" for name in LIBRARIES))
ENV = "TRADEAI_TAG=local\nTRADEAI_DATABASE=mongodb\nBACKUP_DIR=./backups\nNGINX_LOG_DIR=./logs\nSUPERVISOR_PORT=1\n"
# What the version under test does when it is deployed; a version's own deploy.sh decides.
DEPLOY = """#!/bin/bash
cd "$ROOT" || exit
echo "deploy $(cat VERSION) $*" >>"$LOG"
[ "$(cat VERSION)" = new ] || exit 0
case "$BREAKS:$*" in
    build:*--build) echo "✗ Images could not be built." >&2; exit 1 ;;
    kill:*--build) kill -9 $PPID ;;
    start:--yes) echo "✗ Not everything became healthy: backend." >&2; exit 1 ;;
    half:--yes) exit 1 ;;
    migrated:--yes) echo 9 >"$MIGRATION"; exit 1 ;;
esac
"""
STUBS = {
    "docker": """#!/bin/bash
case "$*" in
    *"migrations import applied"*) cat "$MIGRATION" ;;
    "image inspect"*) exit 0 ;;
    tag* | rmi*) echo "$*" >>"$LOG" ;;
    *"app.backup told"*) echo "told ${*: -5:3}" >>"$LOG" ;;
    *"up -d"*) echo "up $(cat "$ROOT/VERSION")" >>"$LOG" ;;
esac
""",
    "curl": """#!/bin/bash
case "$*" in
    *-X*/leases*)
        cat >/dev/null
        [ "$BREAKS" != "lease" ] || { echo "curl: (22) The requested URL returned error: 409" >&2; exit 22; }
        echo "lease $(sed 's/.*-X \\([A-Z]*\\).*/\\1/' <<<"$*") $(cat "$ROOT/VERSION")" >>"$LOG"
        exit ;;
esac
case "$BREAKS:$(cat "$ROOT/VERSION")" in
    health:new) echo '{"services":{"ai":{"status":"failed"}},"status":"down"}' ;;
    sick-for-good:old) [ -e "$ROOT/.cache/update/state" ] && echo '{"status":"down"}' || echo '{"status":"ok"}' ;;
    sick-for-good:new) echo '{"status":"down"}' ;;
    errors:new) for turn in 1 2 3; do echo '{"path":"/","status":502}'; done >>"$ROOT/logs/access.log"; echo '{"status":"ok"}' ;;
    sick:*) echo '{"status":"down"}' ;;
    *) echo '{"services":{"ai":{"status":"healthy"}},"status":"ok"}' ;;
esac
""",
    "sleep": '#!/bin/sh\n[ "$1" != 1 ] || exec /bin/sleep 0.05\nexec /bin/sleep "$1"\n',
}

pytestmark = pytest.mark.slow

Update = Callable[..., subprocess.CompletedProcess[str]]


def git(folder: Path, *arguments: str) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@example.com",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@example.com",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **identity}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """An installation at the version "old", with a tag "new" to go to."""
    folder = tmp_path / "clone"
    (folder / "scripts/lib").mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(ROOT / name, folder / name)
    for name, text in {
        "deploy.sh": DEPLOY,
        "scripts/backup-system.sh": '#!/bin/sh\necho backup >>"$LOG"\n[ "$BREAKS" != backup ]\n',
        "scripts/restore.sh": '#!/bin/sh\necho "restore $*" >>"$LOG"\n',
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / ".gitignore").write_text(".env\n.cache/\nbackups/\nlogs/\n")
    (folder / "VERSION").write_text("old")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "old")
    git(folder, "tag", "old")
    (folder / "VERSION").write_text("new")
    git(folder, "commit", "--quiet", "-am", "new")
    git(folder, "tag", "new")
    git(folder, "checkout", "--quiet", "old")
    (folder / ".env").write_text(ENV)
    (folder / "backups/database/20260301T020000Z-ab12").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "logs/access.log").write_text('{"path":"/","status":500}\n' * 20)
    (tmp_path / "bin").mkdir()
    for name, text in STUBS.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "migration").write_text("1")
    return folder


@pytest.fixture
def update(clone: Path, tmp_path: Path) -> Update:
    """`update("new", breaks="build")`: the ended script."""

    def run(*arguments: str, breaks: str = "") -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path), "LOG": str(tmp_path / "log"),
            "ROOT": str(clone), "MIGRATION": str(tmp_path / "migration"), "BREAKS": breaks,
            "WATCH_SECONDS": "30" if breaks == "errors" else "0", "WELL_SECONDS": "1", "NO_COLOR": "1",
        }  # fmt: skip
        return subprocess.run(
            [clone / "scripts/update.sh", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def version(clone: Path) -> str:
    return (clone / "VERSION").read_text()


def done(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return (
        [line for line in log.read_text().splitlines() if not line.startswith(("tag", "rmi", "told", "lease"))]
        if log.exists()
        else []
    )


def test_a_good_version_stays(update: Update, clone: Path, tmp_path: Path) -> None:
    ended = update("new")
    assert ended.returncode == 0, ended.stderr
    assert version(clone) == "new"
    assert done(tmp_path) == ["backup", "deploy new --yes --build", "deploy new --yes"]
    assert not (clone / ".cache/update/state").exists()


def test_the_switch_is_under_a_lease_that_is_over_before_it_is_watched(update: Update, tmp_path: Path) -> None:
    ended = update("new")
    assert ended.returncode == 0, ended.stderr
    wanted = ("lease", "deploy")
    assert [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith(wanted)] == [
        "deploy new --yes --build", "lease POST new", "deploy new --yes", "lease DELETE new",
    ]  # fmt: skip


def test_going_back_ends_the_lease_before_anything_is_restored(update: Update, tmp_path: Path) -> None:
    update("new", breaks="migrated")
    wanted = ("lease", "up", "restore")
    assert [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith(wanted)] == [
        "lease POST new", "up old", "lease DELETE old", "restore 20260301T020000Z-ab12 --yes",
    ]  # fmt: skip


def test_without_a_lease_nothing_is_switched(update: Update, clone: Path, tmp_path: Path) -> None:
    """Somebody else works on the services: a restore, say."""
    ended = update("new", breaks="lease")
    assert ended.returncode == 1
    assert "was undone: the supervisor does not leave the services to the update: curl: (22)" in ended.stderr
    assert version(clone) == "old"
    assert done(tmp_path) == ["backup", "deploy new --yes --build"]


def test_the_same_version_changes_nothing(update: Update, tmp_path: Path) -> None:
    ended = update("old")
    assert ended.returncode == 0
    assert "already" in ended.stdout
    assert done(tmp_path) == []


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        ("build", "was undone: its images could not be built: Images could not be built."),
        ("start", "was undone: it did not start or migrate: Not everything became healthy: backend."),
        ("migrated", "was undone: it did not start or migrate"),
        ("health", "was undone: it does not work: the appliance is down"),
        ("errors", "was undone: it does not work: 6 of 6 requests were answered with an error"),
    ],
)
def test_a_broken_version_is_left_again(update: Update, clone: Path, tmp_path: Path, breaks: str, sentence: str) -> None:
    ended = update("new", breaks=breaks)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert version(clone) == "old"
    assert not (clone / ".cache/update/state").exists()
    assert ("up old" in done(tmp_path)) is (breaks != "build")
    assert any(line.startswith("restore") for line in done(tmp_path)) is (breaks == "migrated")
    assert "tag tradeai/app:before-update tradeai/app:local" in (tmp_path / "log").read_text()


def test_what_was_done_is_on_record(update: Update, tmp_path: Path) -> None:
    update("new", breaks="build")
    log = (tmp_path / "log").read_text()
    assert "told update failed The update to" in log
    assert "told update ok The update to" in log
    assert "was undone (its images could not be built" in log


def test_a_migration_that_broke_in_the_middle_left_no_number_and_is_taken_back_all_the_same(
    update: Update, clone: Path, tmp_path: Path
) -> None:
    git(clone, "checkout", "--quiet", "new")
    (clone / "app/core/migrations").mkdir(parents=True)
    (clone / "app/core/migrations/m0002_half.py").write_text("")
    git(clone, "add", "app")
    git(clone, "commit", "--quiet", "-m", "half")
    git(clone, "tag", "half")
    git(clone, "checkout", "--quiet", "old")
    assert update("half", breaks="half").returncode == 1
    assert done(tmp_path)[-2:] == ["up old", "restore 20260301T020000Z-ab12 --yes"]


def test_an_appliance_that_stays_sick_is_said_to_be_and_the_next_run_tries_again(update: Update, clone: Path) -> None:
    ended = update("new", breaks="sick-for-good")
    assert ended.returncode == 1
    assert "The version from before is in place again, but the appliance is down" in ended.stderr
    assert (clone / ".cache/update/state").exists()
    assert update("--undo").returncode == 0
    assert not (clone / ".cache/update/state").exists()


def test_images_of_an_older_update_are_never_brought_back(update: Update, clone: Path, tmp_path: Path) -> None:
    """Cut short before the present images were kept: what has the second name is of another day."""
    folder = clone / ".cache/update"
    folder.mkdir(parents=True)
    old = git(clone, "rev-parse", "old")
    (folder / "state").write_text(f"OLD={old}\nNEW={old}\nBACKUP=20260301T020000Z-ab12\nMIGRATION=1\nSTEP=build\n")
    assert update("--undo").returncode == 0
    assert "tag tradeai/app:before-update" not in (tmp_path / "log").read_text()


def test_a_lock_that_git_left_when_the_power_went_is_no_obstacle(update: Update, clone: Path) -> None:
    update("new", breaks="kill")
    (clone / ".git/index.lock").touch()
    undone = update("--undo")
    assert undone.returncode == 0, undone.stderr
    assert version(clone) == "old"


def test_a_folder_inside_somebody_elses_clone_is_none(update: Update, clone: Path, tmp_path: Path) -> None:
    (clone / ".git").rename(tmp_path / ".git")
    assert "This installation is no git clone" in update("new").stderr
    assert done(tmp_path) == []


def test_data_that_was_migrated_comes_back_from_the_backup_made_before(update: Update, tmp_path: Path) -> None:
    update("new", breaks="migrated")
    assert "restore 20260301T020000Z-ab12 --yes" in done(tmp_path)


def test_old_errors_in_the_log_are_not_the_new_versions(update: Update, clone: Path) -> None:
    assert update("new").returncode == 0
    assert version(clone) == "new"


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [("backup", "Without a backup nothing is updated"), ("sick", "The appliance is down: repair it before")],
)
def test_without_backup_or_health_nothing_is_changed(update: Update, clone: Path, breaks: str, sentence: str) -> None:
    ended = update("new", breaks=breaks)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert version(clone) == "old"


def test_a_version_that_is_not_there_changes_nothing(update: Update, tmp_path: Path) -> None:
    ended = update("nothing")
    assert "There is no version nothing" in ended.stderr
    assert done(tmp_path) == []


def test_changed_files_are_not_overwritten(update: Update, clone: Path) -> None:
    (clone / "VERSION").write_text("mine")
    assert "Files of this installation were changed" in update("new").stderr
    assert version(clone) == "mine"


def test_a_power_cut_in_the_middle_is_undone_by_the_next_run(update: Update, clone: Path) -> None:
    killed = update("new", breaks="kill")
    assert killed.returncode == -9
    assert version(clone) == "new"
    undone = update("--undo")
    assert undone.returncode == 0, undone.stderr
    assert 'interrupted at the step "build"' in undone.stderr
    assert version(clone) == "old"
    assert "There is no interrupted update" in update("--undo").stderr


@pytest.mark.parametrize("step", ["build", "switch", "watch"])
def test_a_power_cut_at_any_step_is_undone_and_the_update_tried_anew(update: Update, clone: Path, step: str) -> None:
    folder = clone / ".cache/update"
    folder.mkdir(parents=True)
    old, new = (git(clone, "rev-parse", name) for name in ("old", "new"))
    (folder / "state").write_text(f"OLD={old}\nBACKUP=20260301T020000Z-ab12\nMIGRATION=1\nNEW={new}\nIMAGES=kept\nSTEP={step}\n")
    git(clone, "checkout", "--quiet", "new")
    ended = update("new")
    assert ended.returncode == 0, ended.stderr
    assert f'interrupted at the step "{step}"' in ended.stderr
    assert "the interrupted update was undone" in ended.stdout
    assert version(clone) == "new"
