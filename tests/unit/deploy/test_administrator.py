"""The first password is shown exactly once, also when a run is killed between making the account and showing it."""

import re
from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash

# As much of `tradeai user` as the phase uses: one line a person in the file people, a new password each time, every call noted.
# KILLED names the command during which the whole run is killed, once its work is done.
TRADEAI = r"""#!/bin/bash
echo "$*" >>told
said="$1 $2"
password="word-$(wc -l <told)"
case $said in
    'user list') sed -E 's/(.*) (.*)/{"email": "\1", "role": "\2"},/' people ;;
    'user add') echo "$3 $5" >>people; echo "{\"email\": \"$3\", \"password\": \"$password\"}" ;;
    'user reset') grep -q "^$3 " people || exit 1; echo "{\"email\": \"$3\", \"password\": \"$password\"}" ;;
esac
[ "${KILLED:-}" != "$said" ] || kill -KILL "$RUN"
"""
PHASE = 'export RUN=$$; docker() { echo "data made ${MADE:-today}"; }; phase_administrator'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation in which nobody may sign in yet."""
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=mine\nTRADEAI_EMAIL=ana@example.com\nTRADEAI_DOMAIN=\n")
    (tmp_path / "people").touch()
    (tmp_path / "told").touch()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/tradeai").write_text(TRADEAI)
    (tmp_path / "scripts/tradeai").chmod(0o755)
    return tmp_path


def _shown(bash: Bash, **environment: str) -> list[tuple[str, str]]:
    """The addresses and passwords that one run shows."""
    done = bash(PHASE, **environment)
    assert done.returncode == 0, done.stderr
    return re.findall(r"Sign in as +(\S+)\n +Password +(\S+) ", done.stdout)


def _told(folder: Path) -> list[str]:
    return (folder / "told").read_text().splitlines()


def test_a_first_run_shows_it_and_the_next_do_not(bash: Bash, folder: Path) -> None:
    assert _shown(bash) == [("ana@example.com", "word-2")]
    assert _shown(bash) == []
    assert _told(folder) == ["user list --json", "user add ana@example.com --role administrator --json", "user list --json"]


def test_it_is_kept_nowhere(bash: Bash, folder: Path) -> None:
    _shown(bash)
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "tradeai"]
    assert not [path for path in kept if "word-" in path.read_text()]


def test_the_same_data_is_asked_once_and_other_data_again(bash: Bash, folder: Path) -> None:
    _shown(bash)
    _shown(bash)
    asked = len(_told(folder))
    assert _shown(bash) == []
    assert len(_told(folder)) == asked
    (folder / "people").write_text("")
    assert _shown(bash, MADE="later") == [("ana@example.com", "word-5")]


def test_killed_before_it_was_shown_the_next_run_shows_a_new_one(bash: Bash, folder: Path) -> None:
    assert bash(PHASE, KILLED="user add").returncode != 0
    assert (folder / "people").read_text() == "ana@example.com administrator\n"
    assert _shown(bash) == [("ana@example.com", "word-4")]
    assert _told(folder)[-1] == "user reset ana@example.com --json"
    assert _shown(bash) == []


def test_killed_again_while_it_is_made_new_the_run_after_shows_one(bash: Bash, folder: Path) -> None:
    bash(PHASE, KILLED="user add")
    bash(PHASE, KILLED="user reset")
    assert _shown(bash) == [("ana@example.com", "word-6")]


def test_the_account_that_nobody_knows_is_made_known_though_another_address_is_asked_for_now(bash: Bash, folder: Path) -> None:
    bash(PHASE, KILLED="user add")
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine\nTRADEAI_EMAIL=bob@example.com\n")
    assert _shown(bash) == [("ana@example.com", "word-4")]


def test_where_somebody_is_administrator_no_password_is_touched(bash: Bash, folder: Path) -> None:
    (folder / "people").write_text("ana@example.com viewer\neva@example.com administrator\n")
    assert _shown(bash) == []
    assert _told(folder) == ["user list --json"]


def test_without_an_address_it_is_one_of_the_domain(bash: Bash, folder: Path) -> None:
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    assert _shown(bash)[0][0] == "admin@tradeai.example"


def test_people_that_cannot_be_listed_end_the_run_with_what_to_do(bash: Bash, folder: Path) -> None:
    (folder / "scripts/tradeai").write_text("#!/bin/sh\nexit 1\n")
    done = bash(PHASE)
    assert done.returncode == 1
    assert "The people cannot be listed" in done.stderr
    assert "run deploy.sh again" in done.stderr
