"""scripts/host-facts.sh tells what it saw as JSON that the doctor understands, and never a secret's value."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.supervisor.doctor.facts import KNOWN, read_facts

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "host-facts.sh"
TOOLS = {
    "apt-get": "echo 'Inst openssl [3.0] (3.1 Debian-Security:12/stable-security [amd64])'; echo 'Inst nano [7] (8 Debian:12.1)'",
    "dpkg-query": "echo installed",
    "apt-config": """echo 'APT::Periodic::Unattended-Upgrade "1";'""",
    "ufw": "echo 'Status: active'",
    "timedatectl": "echo yes",
    "sshd": "echo 'permitrootlogin without-password'; echo 'passwordauthentication yes'",
    "ss": (
        "echo 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=1,fd=3))'; "
        "echo 'LISTEN 0 128 127.0.0.1:5000 0.0.0.0:* users:((\"docker-proxy\",pid=2,fd=3))'; "
        "echo 'LISTEN 0 128 [::]:443 [::]:*'"
    ),
    "docker": (
        'case $1 in ps) echo "redis tradeai/redis:local";; '
        "image) echo 2026-02-20T10:00:00.123456789Z;; esac"
    ),
}  # fmt: skip
ENV = """COMPOSE_PROJECT_NAME=tradeai
HTTP_PORT=80
HTTPS_PORT=443
REDIS_PASSWORD=a-long-value-that-stands-twice
MONGO_APP_PASSWORD=a-long-value-that-stands-twice
SECRET_KEY=changeme
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with its own tools, settings and secrets."""
    for name, does in TOOLS.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n{does}\n")
        tool.chmod(0o755)
    (tmp_path / "env").write_text(ENV)
    (tmp_path / "env").chmod(0o600)
    (tmp_path / "secrets").mkdir(mode=0o711)
    (tmp_path / "secrets" / "redis_password").write_text("x")
    (tmp_path / "secrets" / "redis_password").chmod(0o444)
    return tmp_path


def look(machine: Path) -> tuple[str, dict[str, Any]]:
    environment = {
        "PATH": f"{machine}:{os.environ['PATH']}",
        "ENV_FILE": str(machine / "env"),
        "SECRETS_DIR": str(machine / "secrets"),
    }
    printed = subprocess.run([str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    return printed, json.loads(printed)


def test_the_doctor_understands_what_is_printed(machine: Path) -> None:
    printed, seen = look(machine)
    assert seen.keys() == KNOWN.keys()
    assert read_facts(seen, datetime.now(UTC)).seen == seen
    assert "stands-twice" not in printed
    assert "changeme" not in printed
    assert (seen["updates"], seen["security_updates"]) == (2, 1)
    assert seen["ssh"] == {"installed": True, "passwords": True, "root": "without-password"}
    assert seen["listening"] == [{"port": 22, "process": "sshd"}, {"port": 443, "process": ""}]
    assert seen["doors"] == [80, 443]
    assert seen["firewall"] == {"kind": "ufw", "active": True}
    assert seen["images"] == {"redis": "2026-02-20T10:00:00+00:00"}
    assert seen["modes"][str(machine / "secrets" / "redis_password")] == "444"
    redis, key = seen["secrets"]["REDIS_PASSWORD"], seen["secrets"]["SECRET_KEY"]
    assert (redis["length"], redis["shared"], redis["known"], redis["age_days"]) == (30, True, False, 0)
    assert (key["length"], key["shared"], key["known"], key["age_days"]) == (8, False, True, None)


def test_a_machine_that_can_tell_little_tells_the_rest(machine: Path) -> None:
    for name in ("sshd", "ss", "ufw", "apt-get"):
        (machine / name).write_text("#!/bin/sh\nexit 1\n")
    (machine / "env").unlink()
    _printed, seen = look(machine)
    assert seen["secrets"] is None
    assert seen["ssh"] is None
    assert seen["updates"] == 0
    assert "ssh" not in read_facts(seen, datetime.now(UTC)).seen
