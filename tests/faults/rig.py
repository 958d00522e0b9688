"""The levers and the gauges: how a fault gets at a container, and how the supervisor is asked what it made of it."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from tests.appliance import Appliance, wait_until
from tests.faults import alert_settings
from tests.faults.fault import Pace
from tests.faults.receivers import MAIL, WEBHOOK, Receivers
from tests.faults.watcher import Watcher
from tests.faults.writer import Writer

# The appliance was made minutes ago, with an administrator: that was told, if to anybody, before the first case.
_OCCURRENCES = ("service_restarted", "privileges_changed")
KEPT = ("mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx")


class Rig:
    """One appliance under fault. `notes` is what one step of a case leaves for the next."""

    def __init__(self, appliance: Appliance, watcher: Watcher, writer: Writer, heard: Receivers) -> None:
        self.appliance, self.watcher, self.writer, self.heard = appliance, watcher, writer, heard
        operator = ("operator", appliance.env["SUPERVISOR_PASSWORD"])
        self.keeper = httpx.Client(base_url=appliance.local("SUPERVISOR_PORT"), auth=operator, timeout=40)
        self.notes: dict[str, Any] = {}
        self._pace: tuple[Pace, dict[str, str]] | None = None

    # --- containers and their processes ----------------------------------------------------------------------------------

    def container(self, service: str) -> str:
        return f"{self.appliance.project}-{service}-1"

    def inspect(self, service: str) -> dict[str, Any]:
        return dict(json.loads(self.docker("inspect", self.container(service)))[0])

    def docker(self, *arguments: str, check: bool = True) -> str:
        return self.appliance.run("docker", *arguments, check=check).stdout

    def pid(self, service: str) -> int:
        """The main process on this machine; 0 while it does not run."""
        return int(self.inspect(service)["State"]["Pid"])

    def pids(self, service: str) -> list[int]:
        listed = self.docker("top", self.container(service), "-o", "pid")
        return [int(line) for line in listed.split()[1:]]

    def signal(self, service: str, number: signal.Signals) -> None:
        """To every process of the container, past Docker, which would take some signals for a wish."""
        for process in self.pids(service):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def kill_main(self, service: str) -> None:
        process = self.pid(service)
        if process:
            os.kill(process, signal.SIGKILL)

    def inside_network(self, service: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine in the container's network."""
        return self.appliance.run("nsenter", "-t", str(self.pid(service)), "-n", *command, check=check)

    def networks(self, service: str) -> list[str]:
        return sorted(self.inspect(service)["NetworkSettings"]["Networks"])

    def redis(self, *command: str) -> str:
        return self.docker("exec", self.container("redis"), "redis-cli", *command).strip()

    # --- the supervisor's word -----------------------------------------------------------------------------------------

    def ask(self, path: str) -> dict[str, Any]:
        return dict(self.keeper.get(path).json())

    def wish(self, service: str, ask: str) -> httpx.Response:
        """What an operator may ask for: start, stop, restart, release."""
        return self.keeper.post(f"/api/v1/services/{service}/{ask}?wait=30", json={"who": "the fault matrix"})

    def restarts(self) -> dict[str, int]:
        services = self.watcher.last.get("services", {})
        return {name: int(services.get(name, {}).get("restarts", 0)) for name in KEPT}

    def live_alerts(self) -> list[str]:
        """What fires now, explained or not."""
        alerts = self.ask("/api/v1/alerts")["alerts"]
        return [f"{one['rule']} {one['subject']}".strip() for one in alerts if one["stage"] in {"firing", "acknowledged"}]

    def incidents_since(self, moment: datetime) -> list[dict[str, Any]]:
        """Those in which anything was still wrong after `moment`, but for what happened before the first case."""
        found = [one for one in self.ask("/api/v1/incidents")["incidents"] if not one["cause"].startswith(_OCCURRENCES)]
        return [one for one in found if one["recovered_at"] is None or datetime.fromisoformat(one["recovered_at"]) >= moment]

    def evidence_since(self, moment: datetime) -> list[dict[str, Any]]:
        numbers = [one["number"] for one in self.incidents_since(moment)]
        found = [one for number in numbers for one in self.ask(f"/api/v1/incidents/{number}")["evidence"]]
        return [one for one in found if datetime.fromisoformat(one["at"]) >= moment]

    # --- order before and after ------------------------------------------------------------------------------------------

    def set_pace(self, pace: Pace, **more: str) -> None:
        if self._pace == (pace, more):
            return
        alert_settings.write(self.appliance.root, pace, self.heard, **more)
        answer = self.keeper.post("/api/v1/alerts/settings/reload", json={}).json()
        assert answer["good"], answer["mistakes"]
        self._pace = (pace, more)

    def try_channels(self) -> None:
        """A test on each, as an operator sends it: both ways lead here."""
        for channel in (WEBHOOK, MAIL):
            sent = self.keeper.post(f"/api/v1/alerts/channels/{channel}/test", json={"who": "the fault matrix"}).json()
            assert sent["state"] == "sent", sent

    def settle(self, seconds: float = 240) -> None:
        """Everything healthy, and nothing firing but what happened and is said for a while: a restart, changed rights."""
        wait_until(lambda: self.watcher.healthy, seconds, lambda: f"not healthy: {self.watcher.last}")
        wait_until(lambda: not self._lasting(), seconds, lambda: f"still firing: {self._lasting()}")

    def _lasting(self) -> list[str]:
        return [alert for alert in self.live_alerts() if not alert.startswith(_OCCURRENCES)]

    def forgive(self, services: list[str]) -> None:
        """An operator's start of what runs: the budget of restarts is whole again."""
        for service in services:
            self.wish(service, "start")
        wait_until(lambda: self.watcher.healthy, 60, lambda: f"not healthy: {self.watcher.last}")


@contextmanager
def rig(appliance: Appliance, heard: Receivers) -> Iterator[Rig]:
    """Everything that watches and writes, going."""
    with Watcher(appliance.local("SUPERVISOR_PORT")) as watcher, Writer(appliance) as writer:
        made = Rig(appliance, watcher, writer, heard)
        try:
            made.set_pace(Pace.PROMPT)
            made.try_channels()
            yield made
        finally:
            (appliance.root / "config" / "alerts.toml").unlink(missing_ok=True)
            made.keeper.close()


def gateway(appliance: Appliance) -> str:
    """This machine as the containers see it."""
    found = appliance.run("docker", "network", "inspect", f"{appliance.project}_edge").stdout
    return str(json.loads(found)[0]["IPAM"]["Config"][0]["Gateway"])


def lacks(*tools: str) -> str:
    """What of `tools` this machine does not have; "" when all are there."""
    return ", ".join(tool for tool in tools if shutil.which(tool) is None)


def pause(seconds: float) -> None:
    """Let the fault itself last (a flap, a hog): never to wait for a result."""
    time.sleep(seconds)
