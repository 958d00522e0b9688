"""TradeAI's supervisor with its rules as delivered, but for the daily examination, which the others do not have."""

import os
import shutil
from datetime import datetime

import httpx

from tests.appliance import wait_until
from tests.faults.watcher import Watcher
from tests.peers.keeper import Keeper

_UID = 10001


def _troubles(door: httpx.Client) -> list[str]:
    """Services about which an alert stands."""
    alerts = door.get("/api/v1/alerts").json()["alerts"]
    return [alert["subject"] for alert in alerts if alert["rule"].startswith("service_") and alert["stage"] != "resolved"]


class Ours(Keeper):
    name = "TradeAI's supervisor"

    def start(self) -> None:
        appliance = self.scene.appliance
        path = appliance.root / "config" / "alerts.toml"
        path.write_text(
            f'[[channel]]\nname = "mail"\nkind = "mail"\nhost = "{self.mail.host}"\nport = {self.mail.port}\nsecurity = "none"\n'
            'from = "tradeai@example.com"\nto = ["operations@example.com"]\n'
            # What the doctor finds on this machine is no answer to the fault; the others look at no such thing.
            "[rules.doctor_problem]\noff = true\n"
        )
        shutil.chown(path, _UID, _UID)
        path.chmod(0o600)
        appliance.run("docker", "start", self.scene.container("supervisor"))
        self.watcher = Watcher(appliance.local("SUPERVISOR_PORT"))
        self.watcher.__enter__()
        wait_until(lambda: self.watcher.healthy, 120, lambda: f"not healthy: {self.watcher.last}")
        operator = ("operator", appliance.env["SUPERVISOR_PASSWORD"])
        with httpx.Client(base_url=appliance.local("SUPERVISOR_PORT"), auth=operator, timeout=30) as door:
            answer = door.post("/api/v1/alerts/settings/reload", json={}).json()
            for check in self.scene.checks():  # an operator's start: restarts of before are held against nobody
                door.post(f"/api/v1/services/{check.service}/start", json={"who": "the comparison"})
            wait_until(lambda: not _troubles(door), 300, lambda: f"still told of: {_troubles(door)}")
        assert answer["good"], answer

    def stop(self) -> None:
        self.watcher.__exit__()
        (self.scene.appliance.root / "config" / "alerts.toml").unlink(missing_ok=True)
        self.scene.appliance.run("docker", "stop", self.scene.container("supervisor"))

    def noticed(self, since: datetime) -> datetime | None:
        return next((turn.at for turn in self.watcher.bad_since(since)), None)

    def processes(self) -> list[int]:
        found: list[int] = []
        for service in ("supervisor", "dockerproxy"):
            listed = self.scene.appliance.run("docker", "top", self.scene.container(service), "-o", "pid").stdout
            found += [int(process) for process in listed.split()[1:] if os.path.exists(f"/proc/{process}")]
        return found
