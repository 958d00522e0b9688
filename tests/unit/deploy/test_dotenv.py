""".env is changed line by line and replaced as a whole."""

from pathlib import Path

import pytest

from tests.unit.deploy.conftest import ROOT, Bash


def test_a_value_is_set_in_place_and_the_rest_stays(bash: Bash, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("# a comment\nA=1\nB=2\n")
    bash("dotenv_set .env A new; dotenv_set .env C 3")
    assert env.read_text() == "# a comment\nA=new\nB=2\nC=3\n"
    assert env.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "value", ["plain", "with space", "a&b", "back\\slash", "dollar$HOME", "hash#tag", "sla/sh", 'quo"te', ""]
)
def test_any_value_comes_back_as_it_was(bash: Bash, tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text("NAME=old\nNAMED=other\n")
    done = bash('dotenv_set .env NAME "$VALUE"; dotenv_get .env NAME; dotenv_get .env NAMED', VALUE=value)
    assert done.stdout.splitlines() == [value, "other"]


def test_setting_the_same_value_writes_nothing(bash: Bash, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("A=1\n")
    before = env.stat().st_ino
    bash("dotenv_set .env A 1")
    assert env.stat().st_ino == before


def test_the_first_run_makes_every_name_and_the_environment_chooses(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    done = bash("make_env; PORT='' DOMAIN='' EMAIL=''; fill_secrets; stat -c %a .env", COMPOSE_PROJECT_NAME="other")
    assert done.stdout.strip() == "600", done.stderr
    values = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if line and line[0] != "#")
    assert values["COMPOSE_PROJECT_NAME"] == "other"
    secrets = [values[name] for name in values if name.endswith(("_PASSWORD", "_KEY", "_KEYS"))]
    assert len(secrets) == 8
    assert len(set(secrets)) == 8
    assert all(len(secret) >= 40 for secret in secrets)


def test_an_upgrade_appends_new_names_and_overwrites_none(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("OLD=default\nNEW=fresh\n")
    (tmp_path / ".env").write_text("OLD=mine\nOWN=kept\n")
    bash("make_env")
    assert (tmp_path / ".env").read_text() == "OLD=mine\nOWN=kept\nNEW=fresh\n"


def test_a_certificate_is_kept_until_its_domain_changes_and_ones_own_for_good(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TRADEAI_DOMAIN=one.example\n")
    make = 'CONTAINER_USER=$(id -u); make_certificate; echo "changed=$CERTIFICATE_CHANGED"'
    tls = tmp_path / "secrets" / "tls"
    assert "changed=1" in bash(make).stdout
    first = (tls / "fullchain.pem").read_text()
    assert (tls / "privkey.pem").stat().st_mode & 0o077 == 0
    assert bash(make).stdout.strip() == "changed="
    assert (tls / "fullchain.pem").read_text() == first
    (tmp_path / ".env").write_text("TRADEAI_DOMAIN=two.example\n")
    assert "changed=1" in bash(make).stdout
    names = bash("openssl x509 -in secrets/tls/fullchain.pem -noout -ext subjectAltName").stdout
    assert "DNS:two.example" in names
    assert "IP Address:127.0.0.1" in names
    (tls / "self-signed").unlink()
    (tls / "fullchain.pem").write_text("my own")
    assert bash(make).stdout.strip() == "changed="
    assert (tls / "fullchain.pem").read_text() == "my own"
