"""What other machines are asked for is asked for once more before a deployment gives up."""

from pathlib import Path

from tests.unit.deploy.conftest import Bash

# Fails as often as TIMES says, and counts in a file how often it was called.
_FLAKY = 'flaky() { echo called >>calls; [ "$(wc -l <calls)" -gt "$TIMES" ]; }\n'


def test_a_failure_of_a_moment_is_overcome(bash: Bash) -> None:
    done = bash(f"{_FLAKY}twice flaky && wc -l <calls", TIMES="1", RETRY_SECONDS="0")
    assert done.stdout.strip() == "2"
    assert "once more in 0 s" in done.stderr


def test_what_works_is_done_once_and_nothing_is_said(bash: Bash) -> None:
    done = bash(f"{_FLAKY}twice flaky && wc -l <calls", TIMES="0", RETRY_SECONDS="0")
    assert done.stdout.strip() == "1"
    assert done.stderr == ""


def test_what_fails_again_fails_with_its_own_code(bash: Bash) -> None:
    done = bash("broken() { return 7; }\ntwice broken || echo code $?", RETRY_SECONDS="0")
    assert done.stdout.strip() == "code 7"


def test_a_base_image_survives_one_failure_of_the_package_sources(bash: Bash, tmp_path: Path) -> None:
    done = bash(f'{_FLAKY}docker() {{ flaky; }}\nenv() {{ shift; "$@"; }}\nbuild_base base', TIMES="1", RETRY_SECONDS="0")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text().split() == ["called", "called"]


def test_an_image_that_fails_twice_says_what_to_do(bash: Bash) -> None:
    done = bash(f'{_FLAKY}docker() {{ flaky; }}\nenv() {{ shift; "$@"; }}\nbuild_base base', TIMES="2", RETRY_SECONDS="0")
    assert done.returncode == 1
    assert "could not be built" in done.stderr
    assert "Run deploy.sh again" in done.stderr


def test_the_database_is_not_chosen_by_one_failure_of_the_registry(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TRADEAI_DATABASE=\n")
    (tmp_path / "compose" / "mongodb").mkdir(parents=True)
    (tmp_path / "compose" / "mongodb" / "Dockerfile").write_text("ARG MONGO=mongo:8\n")
    fakes = f"{_FLAKY}docker() {{ flaky; }}\nimage_source() {{ echo registry; }}\n"
    done = bash(f"{fakes}decide_database; dotenv_get .env TRADEAI_DATABASE", TIMES="1", RETRY_SECONDS="0")
    assert done.stdout.strip().splitlines()[-1] == "mongodb"
