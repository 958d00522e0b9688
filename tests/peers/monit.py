"""Monit with a check for each service, which restarts by `docker restart` and mails what it finds."""

import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from tests.appliance import wait_until
from tests.peers.keeper import MISSES, PERIOD, Keeper, end
from tests.peers.scene import Check

_ROOT = Path(__file__).resolve().parents[2]


class Monit(Keeper):
    """Its own test of MongoDB speaks a protocol that current servers refuse; it gets ours as a program to run."""

    name = "Monit"

    def start(self) -> None:
        self._signs: list[datetime] = []
        rules = self.folder / "monitrc"
        lines = [
            f"set daemon {PERIOD}",
            *(f"set {what} {self.folder / what}" for what in ("idfile", "statefile", "pidfile")),
            f"set mailserver {self.mail.host} port {self.mail.port}",
            "set alert operations@example.com not on { instance, action }",
            "set mail-format { from: monit@example.com\n subject: $SERVICE $EVENT }",
        ]
        lines += [self._entry(check) for check in self.scene.checks()]
        rules.write_text("\n".join(lines) + "\n")
        rules.chmod(0o600)
        self._program = subprocess.Popen(
            [self.tools / "usr/bin/monit", "-I", "-c", rules],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._follow, daemon=True).start()
        wait_until(lambda: self._alive_for(MISSES * PERIOD + 3), 60, "monit did not settle")

    def stop(self) -> None:
        end([self._program])  # type: ignore[list-item]

    def noticed(self, since: datetime) -> datetime | None:
        """The first restart or the first mail: its log tells each lost answer as well, which counts for nothing yet."""
        return min(
            (moment for moment in [*self._signs, *(at for at, _subject in self.mail.mails)] if moment >= since), default=None
        )

    def processes(self) -> list[int]:
        return [self._program.pid]

    def _entry(self, check: Check) -> str:
        act = f"for {MISSES} cycles then alert"
        if check.restart:
            restart = f"{shutil.which('docker')} restart {self.scene.container(check.service)}"
            act = f'for {MISSES} cycles then exec "{restart}" repeat every 10 cycles'
        if check.service == "mongodb":
            script = self._ping(check.address)
            return f'check program {check.name} with path "{script}" timeout 5 seconds\n  if status != 0 {act}'
        test = f'protocol http request "{check.path}"' if check.path else "protocol redis"
        asked = f"if failed port {check.port} {test} with timeout 2 seconds {act}"
        return f"check host {check.name} with address {check.address}\n  {asked}"

    def _ping(self, address: str) -> Path:
        script = self.folder / "ping-mongodb"
        script.write_text(f'#!/bin/sh\ncd "{_ROOT}" && exec "{sys.executable}" -m tests.peers.ping {address}\n')
        script.chmod(0o755)
        return script

    def _follow(self) -> None:
        self._began = datetime.now(UTC)
        with (self.folder / "log").open("w") as log:
            for line in self._program.stdout or ():
                now = datetime.now(UTC)
                log.write(f"{now.isoformat()} {line}")
                log.flush()
                if " exec: " in line:
                    self._signs.append(now)

    def _alive_for(self, seconds: float) -> bool:
        began = getattr(self, "_began", None)
        return began is not None and (datetime.now(UTC) - began).total_seconds() >= seconds
