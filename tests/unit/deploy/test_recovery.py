"""deploy.sh --restore-from: which backup it takes, what it refuses before anything is changed, and whose settings it uses."""

import hashlib
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyrage
import pytest

from tests.unit.deploy.conftest import Bash

pytestmark = pytest.mark.slow  # real processes are started here

Make = Callable[..., Path]
NAME = "20260301T020000Z"
# The programs of age and rclone as far as they are used.
AGE = f"""#!{sys.executable}
import sys, pyrage
if sys.argv[1] == "-r":
    recipient = pyrage.x25519.Recipient.from_str(sys.argv[2])
    open(sys.argv[4], "wb").write(pyrage.encrypt(sys.stdin.buffer.read(), [recipient]))
else:
    key = pyrage.x25519.Identity.from_str(open(sys.argv[3]).read().strip())
    opened = pyrage.decrypt(open(sys.argv[-1], "rb").read(), [key])
    open(sys.argv[5], "wb").write(opened) if sys.argv[4] == "-o" else sys.stdout.buffer.write(opened)
"""
RCLONE = """#!/bin/bash
while [[ $1 == --* ]]; do shift 2; done
path() { echo "$STORE/${1#*:}"; }
case $1 in
    copy) mkdir -p "$(path "$3")" && cp -r "$2/." "$(path "$3")" ;;
    check) diff -r "$3" "$(path "$4")" ;;
    rcat) cat >"$(path "$2")" ;;
    cat) cat "$(path "$2")" ;;
    lsf) ls "$(path "$3")" ;;
    copyto) cp "$(path "$2")" "$3" ;;
esac
"""
PLAN = 'RESTORE_FROM="{}" RECOVERY_KEY=""; plan_recovery; echo "chose $RECOVERY"'


@pytest.fixture
def full(tmp_path: Path) -> Make:
    """`full("20260301T020000Z")`: a full backup as scripts/backup-system.sh leaves it."""

    def make(name: str, secret: str = "theirs", proven: bool = False) -> Path:
        folder = tmp_path / "away" / name
        (folder / "database" / "20260301T020000Z-ab12").mkdir(parents=True)
        (folder / "database" / "20260301T020000Z-ab12" / "archive.gz").write_text("archive")
        (folder / ".env").write_text(
            f"SECRET_KEY={secret}\nJWT_KEYS='{{}}'\nTRADEAI_DATABASE=mongodb\nDOCKER_GID=5\nHTTP_PORT=81\n"
        )
        with tarfile.open(folder / "configuration.tar.gz", "w:gz") as tar:
            tar.add(folder / ".env", ".env")
        (folder / ".env").unlink()
        (folder / "about").write_text(f"made 2026-03-01T02:00:00Z\nproven {'yes' if proven else 'no'}\n")
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(folder)}\n"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        (folder / "SHA256SUMS").write_text("".join(sums))
        return folder

    return make


def test_without_the_option_nothing_happens(bash: Bash) -> None:
    assert bash('RESTORE_FROM="" RECOVERY_KEY=""; plan_recovery; recover_configuration; phase_recovery').stdout == ""


def test_the_newest_of_several_is_taken_and_what_is_half_copied_is_not(bash: Bash, full: Make) -> None:
    full("20260301T020000Z")
    newest = full("20260401T020000Z")
    full("20260501T020000Z.partial")
    assert f"chose {newest}" in bash(PLAN.format(newest.parent)).stdout
    assert "chose " in bash(PLAN.format(newest)).stdout


def test_a_proven_one_is_taken_before_a_newer_that_is_not_and_that_is_said(bash: Bash, full: Make) -> None:
    full("20260201T020000Z", proven=True)
    proven = full("20260301T020000Z", proven=True)
    full("20260401T020000Z")
    done = bash(PLAN.format(proven.parent))
    assert f"chose {proven}\n" in done.stdout
    assert "20260401T020000Z is newer than 20260301T020000Z" in done.stderr


def test_a_damaged_newest_is_passed_over(bash: Bash, full: Make) -> None:
    whole = full("20260301T020000Z")
    (full("20260401T020000Z", proven=True) / "configuration.tar.gz").write_text("damaged")
    full("20260501T020000Z").rename(whole.parent / "damaged-20260501T020000Z")  # set aside by the weekly reading back
    done = bash(PLAN.format(whole.parent))
    assert f"chose {whole}\n" in done.stdout
    assert "20260401T020000Z is damaged or could not be reached; looking for another" in done.stderr


def test_of_a_remote_too(bash: Bash, full: Make, programs: str, tmp_path: Path) -> None:
    environment = {"PATH": programs, "STORE": str(tmp_path / "store")}
    for made in (full("20260301T020000Z"), full("20260401T020000Z", proven=True), full("20260501T020000Z")):
        assert bash(f"copy_elsewhere {made} s3:there", **environment).returncode == 0
    assert "/20260401T020000Z\n" in bash(PLAN.format("s3:there"), **environment).stdout
    (tmp_path / "store/there/20260401T020000Z/configuration.tar.gz").write_text("damaged")
    (tmp_path / "state/recovery").rename(tmp_path / "another-machine")
    assert "/20260501T020000Z\n" in bash(PLAN.format("s3:there"), **environment).stdout


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


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address under which `away` is served."""
    (tmp_path / "away").mkdir(exist_ok=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "away"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A PATH with age and rclone."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, text in (("age", AGE), ("rclone", RCLONE)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def test_a_web_address_is_fetched_file_by_file_and_compared(bash: Bash, full: Make, web: str, tmp_path: Path) -> None:
    full(NAME)
    done = bash(PLAN.format(f"{web}/{NAME}/") + "; recover_configuration")
    assert done.returncode == 0, done.stderr
    assert f"chose {tmp_path}/state/recovery/fetched/{NAME}" in done.stdout
    assert "SECRET_KEY=theirs" in (tmp_path / ".env").read_text()


def test_of_several_at_a_web_address_the_one_that_is_said_to_be_newest_is_taken(
    bash: Bash, full: Make, web: str, tmp_path: Path
) -> None:
    full(NAME)
    full("20260401T020000Z")
    (tmp_path / "away" / "newest").write_text("20260401T020000Z\n")
    assert "/20260401T020000Z\n" in bash(PLAN.format(web)).stdout


def test_what_arrives_damaged_is_refused(bash: Bash, full: Make, web: str) -> None:
    (full(NAME) / "configuration.tar.gz").write_text("other")
    done = bash(PLAN.format(f"{web}/{NAME}"))
    assert done.returncode == 1
    assert "is damaged" in done.stderr


def test_a_list_of_files_cannot_write_outside_of_its_folder(bash: Bash, full: Make, web: str, tmp_path: Path) -> None:
    folder = full(NAME)
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ./../../outside\n")
    (tmp_path / "away" / "outside").write_text("x")
    done = bash(PLAN.format(f"{web}/{NAME}"))
    assert done.returncode == 1
    assert not list((tmp_path / "state").rglob("outside"))


def test_an_address_that_does_not_answer_is_refused(bash: Bash) -> None:
    done = bash(PLAN.format("http://127.0.0.1:9/x"))
    assert done.returncode == 1
    assert "could not be reached. Nothing was changed" in done.stderr


def test_to_a_remote_and_back_sealed(bash: Bash, full: Make, programs: str, tmp_path: Path) -> None:
    made, key = full(NAME), pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(key))
    environment = {"PATH": programs, "STORE": str(tmp_path / "store")}
    done = bash(
        f"seal {made} {tmp_path}/sealing/{NAME} {key.to_public()} && copy_elsewhere {tmp_path}/sealing/{NAME} s3:there",
        **environment,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "store/there" / NAME).iterdir()} == {"sealed.tar.age", "about", "SHA256SUMS"}
    refused = bash(PLAN.format("s3:there"), **environment)
    assert "is sealed: add --recovery-key FILE" in refused.stderr
    (tmp_path / "other").write_text(str(pyrage.x25519.Identity.generate()))
    plan = PLAN.replace('RECOVERY_KEY=""', f'RECOVERY_KEY="{tmp_path}/{{}}"')
    assert "sealed for another key" in bash(plan.format("s3:there", "other"), **environment).stderr
    done = bash(plan.format("s3:there", "key") + "; recover_configuration", **environment)
    assert done.returncode == 0, done.stderr
    assert "SECRET_KEY=theirs" in (tmp_path / ".env").read_text()


def test_a_copy_in_a_folder_is_compared_and_named_the_newest(bash: Bash, full: Make, tmp_path: Path) -> None:
    made = full(NAME)
    (tmp_path / "share").mkdir()
    assert bash(f"copy_elsewhere {made} {tmp_path}/share").returncode == 0
    assert (tmp_path / "share/newest").read_text() == f"{NAME}\n"
    (made / "configuration.tar.gz").write_text("damaged on the way")
    assert bash(f"rm -r {tmp_path}/share/{NAME}; copy_elsewhere {made} {tmp_path}/share").returncode == 1
    assert [path.name for path in (tmp_path / "share").iterdir()] == ["newest"]
