"""The Docker daemon itself is restarted, and with it every container of the machine: only where the machine is ours alone."""

import os
import resource
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.appliance import wait_until
from tests.faults.fault import Fault
from tests.faults.rig import KEPT, Rig

_SYSTEMD = "docker.service"


@dataclass(frozen=True)
class Daemon:
    """How dockerd was started: its words, folder, environment, how many files it may open, and where its output goes."""

    process: int
    words: list[str]
    folder: str
    environment: dict[str, str]
    files: tuple[int, int]
    output: str

    @classmethod
    def found(cls) -> "Daemon":
        """The one that runs. Raises AssertionError when there is not exactly one."""
        running = [path for path in Path("/proc").iterdir() if path.name.isdigit() and _name(path) == "dockerd"]
        assert len(running) == 1, f"not one Docker daemon but {len(running)}"
        (path,) = running
        pairs = [pair.split("=", 1) for pair in _strings(path / "environ") if "=" in pair]
        return cls(
            process=int(path.name),
            words=_strings(path / "cmdline"),
            folder=os.readlink(path / "cwd"),
            environment=dict(pairs),
            files=resource.prlimit(int(path.name), resource.RLIMIT_NOFILE),
            output=os.readlink(path / "fd" / "1"),
        )

    @property
    def of_systemd(self) -> bool:
        return _SYSTEMD in Path(f"/proc/{self.process}/cgroup").read_text()

    def restart(self) -> None:
        """End it in order, and start it as it was started."""
        if self.of_systemd:
            subprocess.run(["systemctl", "restart", _SYSTEMD], check=True, timeout=180)
            return
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        assert allowed >= self.files[1], f"Docker may open {self.files[1]} files and would be started again with {allowed}"
        os.kill(self.process, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{self.process}").exists() or _is_zombie(self.process), 120, "dockerd does not end")
        output = self.output if self.output.startswith("/") and "(deleted)" not in self.output else os.devnull
        with open(output, "ab") as log:
            daemon = subprocess.Popen(
                self.words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, self.files)  # a container may not open more than its daemon


def _name(path: Path) -> str:
    try:
        return (path / "comm").read_text().strip()
    except OSError:
        return ""  # it has ended meanwhile


def _strings(path: Path) -> list[str]:
    return [word for word in path.read_text().split("\0") if word]


def _is_zombie(process: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True


def _answers(rig: Rig) -> bool:
    return rig.appliance.run("docker", "info", check=False).returncode == 0


def _restart(rig: Rig) -> None:
    before = Daemon.found()
    before.restart()
    wait_until(lambda: _answers(rig), 120, f"Docker does not answer. It was started as: {' '.join(before.words)}")


FAULTS = (
    Fault(
        "the Docker daemon restarted, and every container with it",
        "control",
        inject=_restart,
        stands=lambda rig: rig.watcher.last,
        blamed=(),
        suspects=("host", "docker_silent", *KEPT),  # each of them really ended
        told=(),
        perhaps=("docker_silent", *(f"service_down {service}" for service in KEPT)),
        maybe=KEPT,
        unwell=False,
        only_with="TRADEAI_FAULTS_DOCKER",
        limit=420,
    ),
)
