"""Our services as real processes for integration tests, and a wire to Redis that a test can cut."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


def wait_until(condition: Callable[[], Any], seconds: float = 15.0, what: str = "") -> Any:
    """The condition's first true value; fails the test when it stays false for `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"did not happen within {seconds} s: {what or condition}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Wire:
    """Passes TCP through to a server until it is cut; `mend` lets it pass again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._ends: set[socket.socket] = set()
        self._intact = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, new ones are closed at once."""
        self._intact = False
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """New connections pass again."""
        self._intact = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._intact:
                near.close()
                continue
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._target) as far:
            ends = {near: far, far: near}
            self._ends |= ends.keys()
            with suppress(OSError):
                while self._intact:
                    for ready in select.select(list(ends), [], [], 0.5)[0]:
                        received = ready.recv(65536)
                        if not received:
                            return
                        ends[ready].sendall(received)
            self._ends -= ends.keys()


class Service:
    """`python -m MODULE` with its output kept; stopped at the end of the test."""

    def __init__(self, module: str, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self._log = folder / f"{module}-{time.time_ns()}.log"
        with self._log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT, env={**os.environ, **environment}
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """End it in order, with force after a while; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(10)


def redis_settings(folder: Path, port: int | None = None) -> dict[str, str]:
    """The environment that leads a service to the test's Redis, directly or through a wire on `port`."""
    parts = urlsplit(os.environ["TRADEAI_TEST_REDIS_URL"])
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    for source in Path(os.environ["TRADEAI_SECRETS_DIR"]).iterdir():
        (secrets / source.name).write_bytes(source.read_bytes())
    (secrets / "redis_password").write_text(unquote(parts.password or ""))
    return {
        "PYTHONPATH": str(ROOT),
        "TRADEAI_SECRETS_DIR": str(secrets),
        "TRADEAI_ENVIRONMENT": "test",
        "TRADEAI_REDIS_HOST": "127.0.0.1" if port else parts.hostname or "127.0.0.1",
        "TRADEAI_REDIS_PORT": str(port or parts.port or 6379),
        "TRADEAI_REDIS_DATABASE": parts.path.strip("/") or "0",
    }


def redis_address() -> tuple[str, int]:
    """Host and port of the test's Redis."""
    parts = urlsplit(os.environ["TRADEAI_TEST_REDIS_URL"])
    return parts.hostname or "127.0.0.1", parts.port or 6379
