"""The appliance as every keeper sees it: what is watched and where, how it is broken, and what Docker says was done."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from tests.appliance import Appliance

_PATIENCE = 5.0  # seconds: on a busy machine a slow answer is no failure


@dataclass(frozen=True)
class Check:
    """One thing to ask. `path` is "" for a connection alone; `restart` whether its failure is that service's own."""

    service: str
    address: str
    port: int
    path: str = ""
    restart: bool = True

    @property
    def name(self) -> str:
        return self.service if self.restart else f"{self.service}-health"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}{self.path}"


@dataclass
class Scene:
    """`acts` is what Docker was asked to do: moment, what, service."""

    appliance: Appliance
    acts: list[tuple[datetime, str, str]] = field(default_factory=list)

    def container(self, service: str) -> str:
        return f"{self.appliance.project}-{service}-1"

    def checks(self) -> list[Check]:
        """As a careful operator would ask: the process by `/livez`, and the backend's own word about what it needs."""
        return [
            Check("mongodb", self._address("mongodb"), 27017),
            Check("redis", self._address("redis"), 6379),
            Check("backend", "127.0.0.1", self._port("BACKEND_PORT"), "/livez"),
            Check("backend", "127.0.0.1", self._port("BACKEND_PORT"), "/health", restart=False),
            Check("realtime", "127.0.0.1", self._port("REALTIME_PORT"), "/livez"),
            Check("worker", self._address("worker"), 5001, "/livez"),
            Check("ai", "127.0.0.1", self._port("AI_PORT"), "/livez"),
            Check("nginx", self._address("nginx"), 8080, "/nginx-alive"),
        ]

    def works(self) -> bool:
        """Whether the backend says that it and what it needs are well."""
        try:
            return httpx.get(f"http://127.0.0.1:{self._port('BACKEND_PORT')}/health", timeout=_PATIENCE).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self, service: str) -> None:
        """Past Docker, as the kernel would."""
        os.kill(self._inspect(service)["State"]["Pid"], signal.SIGKILL)

    def hang(self, service: str) -> None:
        listed = self.appliance.run("docker", "top", self.container(service), "-o", "pid").stdout
        for process in listed.split()[1:]:
            with suppress(ProcessLookupError):  # a health check that ended in this moment
                os.kill(int(process), signal.SIGSTOP)

    def restart(self, service: str) -> None:
        """What every peer does; SIGKILL after ten seconds ends a stopped process too."""
        self.appliance.run("docker", "restart", self.container(service), check=False)

    def acts_since(self, moment: datetime) -> list[tuple[datetime, str, str]]:
        return [act for act in self.acts if act[0] >= moment]

    def _port(self, name: str) -> int:
        return int(self.appliance.env[name])

    def _address(self, service: str) -> str:
        networks = self._inspect(service)["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    def _inspect(self, service: str) -> dict:  # type: ignore[type-arg]
        return dict(json.loads(self.appliance.run("docker", "inspect", self.container(service)).stdout)[0])


@contextmanager
def scene(appliance: Appliance) -> Iterator[Scene]:
    """Docker's events followed meanwhile."""
    made = Scene(appliance)
    wanted = f"label=com.docker.compose.project={appliance.project}"
    command = ["docker", "events", "--filter", wanted, "--filter", "type=container", "--format", "{{json .}}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as events:

        def follow() -> None:
            for line in events.stdout or ():
                event = json.loads(line)
                if event["Action"] in {"start", "kill", "restart", "stop"}:
                    service = event["Actor"]["Attributes"]["com.docker.compose.service"]
                    made.acts.append((datetime.fromtimestamp(event["timeNano"] / 1e9, UTC), event["Action"], service))

        threading.Thread(target=follow, daemon=True).start()
        try:
            yield made
        finally:
            events.terminate()
