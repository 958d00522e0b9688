"""The appliance under test: where it is, how to run its commands, how to wait for it."""

import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest


@dataclass(frozen=True)
class Appliance:
    """A deployed appliance in `root`, the folder with its deploy.sh and .env."""

    root: Path
    env: dict[str, str]
    email: str
    password: str

    @classmethod
    def from_environment(cls) -> "Appliance":
        """As `scripts/test.sh` left it; TRADEAI_TEST_ROOT names the folder."""
        folder = os.environ.get("TRADEAI_TEST_ROOT")
        if not folder:
            pytest.exit(
                "TRADEAI_TEST_ROOT is not set. Run scripts/test.sh, which deploys the appliance for these tests.", returncode=4
            )
        root = Path(str(folder))
        lines = (
            line.split("=", 1) for line in (root / ".env").read_text().splitlines() if "=" in line and not line.startswith("#")
        )
        env = {key.strip(): value.strip().strip("'\"") for key, value in lines}
        return cls(root, env, os.environ["TRADEAI_TEST_USER"], os.environ["TRADEAI_TEST_PASSWORD"])

    @property
    def project(self) -> str:
        return self.env["COMPOSE_PROJECT_NAME"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['HTTP_PORT']}"

    @property
    def https_url(self) -> str:
        return f"https://127.0.0.1:{self.env['HTTPS_PORT']}"

    def local(self, port_name: str) -> str:
        """`local("SUPERVISOR_PORT")`: the address of a port that is open on this machine only."""
        return f"http://127.0.0.1:{self.env[port_name]}"

    def run(self, *command: str, check: bool = True, timeout: float = 300, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the appliance's folder, with its output as text."""
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=timeout, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return done

    def compose(self, *arguments: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`docker compose ...` as an operator types it in the appliance's folder."""
        return self.run("docker", "compose", *arguments, check=check, timeout=timeout)

    def tradeai(self, *arguments: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`scripts/tradeai ...`."""
        return self.run("scripts/tradeai", *arguments, check=check, timeout=timeout)

    def http(self, *, tls: bool = True, **options: Any) -> httpx.Client:
        """A client at the public door; the self-signed certificate is accepted."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return httpx.Client(base_url=self.https_url if tls else self.url, verify=context, timeout=30, **options)

    def signed_in(self) -> httpx.Client:
        """A client with the administrator's Bearer token."""
        with self.http() as door:
            answer = door.post("/api/v1/auth/token", json={"email": self.email, "password": self.password})
        assert answer.status_code == 200, answer.text
        return self.http(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    def health(self) -> dict[str, Any]:
        """GET /health, whatever its status; {} while nobody answers."""
        try:
            with self.http(tls=False) as client:
                return dict(client.get("/health").json())
        except (httpx.HTTPError, json.JSONDecodeError):
            return {}

    def wait_healthy(self, seconds: float = 120) -> None:
        """Until /health says ok."""
        wait_until(lambda: self.health().get("status") == "ok", seconds, lambda: f"not healthy: {self.health()}")


def wait_until(condition: Callable[[], Any], seconds: float, explain: Callable[[], str] | str = "condition not met") -> Any:
    """The first true value of `condition`, asked every 0.2 s for at most `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {seconds} s: {explain() if callable(explain) else explain}")
        time.sleep(0.2)
