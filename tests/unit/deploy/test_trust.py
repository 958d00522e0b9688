"""TRADEAI_TRUST_HOST_CA: the running appliance trusts whom this machine trusts only when it was asked to."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deploy.conftest import ROOT, Bash

pytestmark = pytest.mark.slow  # real processes are started here

BUNDLE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
RUN = "CONTAINER_USER=$(id -u); make_trust"
WAY_OUT = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
REACHES_OUT = {"supervisor", "backup"}


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """The settings of an installation, with the switch on."""
    (tmp_path / "bundle").write_text(BUNDLE)
    names = "TRADEAI_HTTP_PROXY=\nTRADEAI_HTTPS_PROXY=\nTRADEAI_NO_PROXY=\nTRADEAI_CA_FILE=\n"
    (tmp_path / ".env").write_text(f"TRADEAI_TRUST_HOST_CA=on\nTRADEAI_CA_BUNDLE={tmp_path}/bundle\n{names}")
    return tmp_path / ".env"


def _settings(env: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env.read_text().splitlines())


def test_on_the_containers_get_the_file_and_the_proxy(bash: Bash, env: Path) -> None:
    done = bash(RUN, HTTPS_PROXY="http://proxy.example:3128", no_proxy=".example")
    assert done.returncode == 0, done.stderr
    settings = _settings(env)
    assert settings["TRADEAI_CA_FILE"] == "/etc/tradeai-ca/ca.crt"
    assert settings["TRADEAI_HTTPS_PROXY"] == "http://proxy.example:3128"
    assert (settings["TRADEAI_HTTP_PROXY"], settings["TRADEAI_NO_PROXY"]) == ("", ".example")
    kept = env.parent / "secrets/ca/ca.crt"
    assert kept.read_text() == BUNDLE
    assert kept.stat().st_mode & 0o777 == 0o400
    assert kept.parent.stat().st_mode & 0o777 == 0o700


def test_a_proxy_that_is_named_in_the_settings_stays(bash: Bash, env: Path) -> None:
    env.write_text(env.read_text().replace("TRADEAI_HTTP_PROXY=", "TRADEAI_HTTP_PROXY=http://mine.example"))
    bash(RUN, HTTP_PROXY="http://proxy.example:3128")
    bash(RUN)
    assert _settings(env)["TRADEAI_HTTP_PROXY"] == "http://mine.example"


def test_a_proxy_with_a_password_is_not_passed_on(bash: Bash, env: Path) -> None:
    done = bash(RUN, HTTPS_PROXY="http://me:secret@proxy.example:3128")
    assert "HTTPS_PROXY holds a name or password" in done.stderr
    assert "secret@" not in env.read_text()


def test_another_bundle_replaces_the_file(bash: Bash, env: Path) -> None:
    bash(RUN)
    (env.parent / "bundle").write_text(BUNDLE * 2)
    bash(RUN)
    assert (env.parent / "secrets/ca/ca.crt").read_text() == BUNDLE * 2


def test_off_the_file_goes_and_nothing_is_taken(bash: Bash, env: Path) -> None:
    bash(RUN)
    env.write_text(env.read_text().replace("HOST_CA=on", "HOST_CA=off"))
    done = bash(RUN, HTTPS_PROXY="http://proxy.example:3128")
    assert done.returncode == 0, done.stderr
    assert not list((env.parent / "secrets/ca").iterdir())
    assert _settings(env)["TRADEAI_CA_FILE"] == ""
    assert _settings(env)["TRADEAI_HTTPS_PROXY"] == ""


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [("=on", "=yes", 'must be on or off, not "yes"'), ("/bundle", "/none", "holds no certificate that could be read")],
)
def test_what_cannot_be_done_is_refused_before_anything_changes(
    bash: Bash, env: Path, was: str, becomes: str, sentence: str
) -> None:
    env.write_text(env.read_text().replace(was, becomes))
    done = bash("plan_trust")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_settings_from_a_backup_that_name_no_bundle_here_end_the_run_with_a_sentence(bash: Bash, env: Path) -> None:
    (env.parent / "bundle").unlink()
    done = bash(RUN)
    assert done.returncode == 1
    assert "name a bundle in TRADEAI_CA_BUNDLE" in done.stderr


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def test_only_who_reaches_out_is_told_and_by_default_trusts_whom_debian_trusts(services: dict[str, Any]) -> None:
    for name, service in services.items():
        environment = service.get("environment", {})
        mounted = any(str(volume).startswith("./secrets/ca:") for volume in service.get("volumes", []))
        assert mounted == (name in REACHES_OUT), name
        assert WAY_OUT & set(environment) == (WAY_OUT if name in REACHES_OUT else set()), name
    for name in REACHES_OUT:
        environment = services[name]["environment"]
        assert "./secrets/ca:/etc/tradeai-ca:ro" in services[name]["volumes"]
        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            assert environment[variable] == "${TRADEAI_CA_FILE:-/etc/ssl/certs/ca-certificates.crt}"
        assert environment["TRADEAI_SERVICE"] == name
        assert environment["TRADEAI_MONGO_HOST"] == "mongodb", "what all share is still there"


def test_no_proxy_stands_between_our_own_services(services: dict[str, Any]) -> None:
    ours = {name for name, service in services.items() if "profiles" not in service}
    for name in REACHES_OUT:
        assert ours <= set(services[name]["environment"]["NO_PROXY"].split(","))
