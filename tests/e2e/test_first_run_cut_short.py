"""A first deploy.sh, killed while services start and while the first account is made: the next shows a password that works."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.appliance import Appliance
from tests.e2e.interruption import cut_short

# What a clone does not have.
MADE = (".env", ".cache", ".git", "secrets", "backups", "logs", "test-password")
PORTS = ("HTTP_PORT", "HTTPS_PORT", "BACKEND_PORT", "REALTIME_PORT", "AI_PORT", "SUPERVISOR_PORT", "METRICS_PORT")
SIGN_IN = re.compile(r"Sign in as +(\S+)\n +Password +(\S+) ")


@dataclass(frozen=True)
class Machine:
    """A folder as cloned, and what the environment chooses for it."""

    folder: Path
    environment: dict[str, str]

    @property
    def project(self) -> str:
        return self.environment["COMPOSE_PROJECT_NAME"]

    def docker(self, *arguments: str) -> list[str]:
        return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def clone(appliance: Appliance, tmp_path: Path) -> Iterator[Machine]:
    """A clone of the appliance's code beside it; the appliance rests meanwhile, for the machine may not carry two."""
    folder = tmp_path / "tradeai"
    shutil.copytree(appliance.root, folder, ignore=lambda at, _names: MADE if Path(at) == appliance.root else ())
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _name in PORTS]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = {name: str(one.getsockname()[1]) for name, one in zip(PORTS, sockets, strict=True)}
    name = f"{appliance.project}-first"
    made = Machine(folder, {
        **ports, "COMPOSE_PROJECT_NAME": name, "TRADEAI_TAG": name, "BACKUP_DUTIES": "off",
        "LOG_DIR": "./logs", "NGINX_LOG_DIR": "./logs/nginx",
    })  # fmt: skip
    appliance.compose("stop", timeout=180)
    yield made
    for kind, remove in (("ps", ("rm", "-fv")), ("network", ("network", "rm")), ("volume", ("volume", "rm"))):
        listing = ("ps", "-aq") if kind == "ps" else (kind, "ls", "-q")
        for one in made.docker(*listing, "--filter", f"label=com.docker.compose.project={name}"):
            made.docker(*remove, one)
    for image in made.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference=tradeai/*:{name}"):
        made.docker("rmi", image)
    appliance.compose("up", "-d", "--no-build", timeout=300)
    appliance.wait_healthy(300)


def _deploy(clone: Machine) -> str:
    return subprocess.run(
        ["./deploy.sh", "--yes"], cwd=clone.folder, env={**os.environ, **clone.environment}, capture_output=True, text=True,
        timeout=1800, check=True,
    ).stdout  # fmt: skip


@pytest.mark.long
def test_a_first_run_that_is_killed_twice_still_ends_with_a_password_that_works(clone: Machine) -> None:
    said = cut_short(
        clone.folder, "Services", signal.SIGKILL, environment=clone.environment,
        until=lambda: clone.docker("ps", "-q", "--filter", f"label=com.docker.compose.project={clone.project}"),
    )  # fmt: skip
    secrets = (clone.folder / ".env").read_text()
    unseen = clone.folder / ".cache/deploy/unseen-password"
    said += cut_short(clone.folder, "People", signal.SIGKILL, environment=clone.environment, until=unseen.exists)
    assert not SIGN_IN.search(said), "it was shown before the run was killed: this test shows nothing"

    shown = SIGN_IN.findall(_deploy(clone))
    assert len(shown) == 1
    assert (clone.folder / ".env").read_text() == secrets
    assert not unseen.exists()
    email, password = shown[0]
    door = f"https://127.0.0.1:{clone.environment['HTTPS_PORT']}"
    answer = httpx.post(f"{door}/api/v1/auth/token", json={"email": email, "password": password}, verify=False, timeout=30)
    assert answer.status_code == 200, answer.text
    assert not SIGN_IN.search(_deploy(clone))
