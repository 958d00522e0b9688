"""The command line is judged before anything is looked at."""

from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--port eighty", "--port must be a number"),
        ("--port 70000", "--port must be a number"),
        ("--port", "--port needs a value"),
        ("--domain --yes", "--domain needs a value"),
        ("--domain 'a b'", "--domain must be a host name"),
        ("--email nobody", "--email must be a mail address"),
        ("--restore-from x", "--restore-from must be a folder that exists, a web address or an rclone remote"),
        ("--recovery-key x", "--recovery-key must be a file that can be read"),
        ("--harden", "Unknown option --harden"),
    ],
)
def test_a_wrong_option_is_refused_with_a_sentence(bash: Bash, options: str, sentence: str) -> None:
    done = bash(f"parse_options {options}")
    assert done.returncode != 0
    assert sentence in done.stderr


def test_right_options_are_taken(bash: Bash) -> None:
    done = bash(
        'parse_options --yes --port 8088 --domain trade.example.com --email a@b.example; echo "$PORT $DOMAIN $EMAIL $ASSUME_YES"'
    )
    assert done.stdout.strip() == "8088 trade.example.com a@b.example 1"


def test_https_moves_with_the_port(bash: Bash) -> None:
    assert bash("https_port_for 80; https_port_for 8080").stdout.split() == ["443", "8443"]


def test_options_are_written_to_the_settings_and_stay(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"HTTP_PORT=80\nHTTPS_PORT=443\nTRADEAI_DOMAIN=\nTRADEAI_EMAIL=\nDOCKER_SOCKET={tmp_path}\n")
    options = "--port 8088 --domain trade.example.com --email a@b.example"
    done = bash(f"parse_options {options}; apply_options; parse_options --yes; apply_options")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".env").read_text().splitlines() == [
        "HTTP_PORT=8088", "HTTPS_PORT=8451", "TRADEAI_DOMAIN=trade.example.com", "TRADEAI_EMAIL=a@b.example",
        f"DOCKER_SOCKET={tmp_path}", f"DOCKER_GID={tmp_path.stat().st_gid}",
    ]  # fmt: skip


def test_help_names_every_option(bash: Bash) -> None:
    text = bash("parse_options --help").stdout
    for option in ("--yes", "--demo", "--offline", "--domain", "--email", "--port", "--rotate-keys", "--dry-run", "--help"):
        assert option in text
