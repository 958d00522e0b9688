"""The last words of deploy.sh: addresses that can be typed as they stand, and nothing that is not so."""

from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash

pytestmark = pytest.mark.slow  # real processes are started here

SETTINGS = (
    "COMPOSE_PROJECT_NAME=mine\nHTTP_PORT=80\nHTTPS_PORT=443\nTRADEAI_DOMAIN=trade.example.com\nLOG_DIR=/l\nNGINX_LOG_DIR=/n\n"
    "BACKUP_DIR=/b\nTRADEAI_DATABASE=mongodb\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with deploy.sh's own certificate."""
    (tmp_path / ".env").write_text(SETTINGS)
    (tmp_path / "secrets/tls").mkdir(parents=True)
    (tmp_path / "secrets/tls/self-signed").write_text("trade.example.com")
    return tmp_path


def _summary(bash: Bash, demo: str = "") -> str:
    done = bash(f"DEMO='{demo}'; phase_summary")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_usual_ports_are_not_named_in_the_address(bash: Bash, folder: Path) -> None:
    said = _summary(bash)
    assert "https://trade.example.com/  the pages" in said
    assert "http://trade.example.com/health  health" in said
    assert "every night at 02:00 UTC" in said


def test_other_ports_are(bash: Bash, folder: Path) -> None:
    (folder / ".env").write_text(SETTINGS.replace("=80\n", "=8080\n").replace("=443\n", "=8443\n"))
    said = _summary(bash)
    assert "https://trade.example.com:8443/  the pages" in said
    assert "http://trade.example.com:8080/health" in said


def test_without_a_domain_it_is_this_machines_address(bash: Bash, folder: Path) -> None:
    (folder / ".env").write_text(SETTINGS.replace("trade.example.com", ""))
    done = bash("hostname() { echo '192.0.2.7 10.0.0.1'; }; DEMO=''; phase_summary")
    assert "https://192.0.2.7/  the pages" in done.stdout


def test_the_browser_warns_only_of_a_certificate_that_deploy_made(bash: Bash, folder: Path) -> None:
    assert "the certificate is self-signed" in _summary(bash)
    (folder / "secrets/tls/self-signed").unlink()
    assert "self-signed" not in _summary(bash)


def test_the_demonstration_is_offered_to_who_has_none(bash: Bash, folder: Path) -> None:
    assert "scripts/tradeai demo load" in _summary(bash)
    assert "demo load" not in _summary(bash, demo="1")


def test_the_stand_in_is_named(bash: Bash, folder: Path) -> None:
    assert "FerretDB" not in _summary(bash)
    (folder / ".env").write_text(SETTINGS.replace("=mongodb\n", "=mongodb-standin\n"))
    assert "FerretDB" in _summary(bash)


def test_the_database_is_told_of_in_one_sentence(bash: Bash, folder: Path) -> None:
    (folder / "scripts").mkdir()
    (folder / "scripts/tradeai").write_text("#!/bin/sh\necho 'Created index on sales: week'\necho 'The database is now at 3.'\n")
    (folder / "scripts/tradeai").chmod(0o755)
    assert bash("phase_database").stdout.strip() == "✓ The database is now at 3."
    (folder / "scripts/tradeai").write_text("#!/bin/sh\nexit 1\n")
    done = bash("phase_database")
    assert done.returncode == 1
    assert "could not be migrated" in done.stderr


@pytest.fixture
def command(folder: Path) -> Path:
    """Where the command is to be put, of the installation that has the plain name."""
    (folder / ".env").write_text(SETTINGS.replace("=mine", "=tradeai"))
    (folder / "bin").mkdir()
    return folder / "bin/tradeai"


def _with_command(bash: Bash, command: Path) -> tuple[str, str]:
    done = bash(f"DEMO=''; DEPLOY_LOG=/dev/null; COMMAND={command}; phase_summary")
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_command_is_put_on_the_path(bash: Bash, command: Path) -> None:
    _with_command(bash, command)
    assert str(command.readlink()).endswith("/scripts/tradeai")


def test_a_link_to_a_folder_that_has_gone_is_replaced(bash: Bash, command: Path) -> None:
    command.symlink_to("/gone/scripts/tradeai")
    _with_command(bash, command)
    assert not str(command.readlink()).startswith("/gone")


def test_a_program_of_somebody_else_is_left_alone(bash: Bash, command: Path) -> None:
    command.write_text("theirs")
    _with_command(bash, command)
    assert command.read_text() == "theirs"


def test_without_the_command_the_rest_is_still_said(bash: Bash, command: Path) -> None:
    said, warned = _with_command(bash, command.parent / "missing/tradeai")
    assert "the pages" in said
    assert "could not be made; the command is" in said + warned
