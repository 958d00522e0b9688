"""A machine that an appliance is deployed on: a folder, a project, ports of its own; it can be lost with all it holds."""

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.appliance import Appliance

ROOT = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "tester@example.com", "what-only-this-test-knows"
_DEPLOY_SECONDS = 3600


@dataclass(frozen=True)
class Machine:
    """`project` names containers, volumes and images; two machines of one project are never there at once."""

    folder: Path
    project: str

    def install(self) -> "Machine":
        """The tree as a fresh clone would have it, with settings that collide with nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        (self.folder / ".env").write_text(_settings(self.project))
        (self.folder / ".env").chmod(0o600)
        return self

    def run(self, *command: str, seconds: float = 600) -> str:
        """What it printed. Raises AssertionError with the end of it when it did not end well."""
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def deploy(self, *options: str) -> str:
        """A machine busy with others may need a second go: deploy.sh says to run it again, and goes on where it stopped."""
        try:
            return self.run("./deploy.sh", "--yes", *options, seconds=_DEPLOY_SECONDS)
        except AssertionError as error:
            if "run deploy.sh again: it goes on where it stopped" not in str(error):
                raise
            return self.run("./deploy.sh", "--yes", *options, seconds=_DEPLOY_SECONDS)

    def lose(self) -> None:
        """The fire: containers, volumes, networks, images and the folder with settings, secrets and local backups."""
        label = f"label=com.docker.compose.project={self.project}"
        for listing, removal in (
            (["docker", "ps", "-aq"], ["docker", "rm", "-fv"]),
            (["docker", "network", "ls", "-q"], ["docker", "network", "rm"]),
            (["docker", "volume", "ls", "-q"], ["docker", "volume", "rm"]),
        ):
            _remove([*listing, "--filter", label], removal)
        _remove(["docker", "images", "-q", "--filter", f"reference=*/*:{self.project}"], ["docker", "rmi", "-f"])
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def appliance(self) -> Appliance:
        lines = [line.split("=", 1) for line in (self.folder / ".env").read_text().splitlines() if "=" in line and line[0] != "#"]
        return Appliance(self.folder, {name: value.strip("'\"") for name, value in lines}, EMAIL, PASSWORD)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)


def _remove(listing: list[str], removal: list[str]) -> None:
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    if found:
        subprocess.run([*removal, *dict.fromkeys(found)], capture_output=True, check=False)


def _settings(project: str) -> str:
    """scripts/test/appliance.env with the first block of ports that is free, away from those of the other tiers."""
    lines = (ROOT / "scripts/test/appliance.env").read_text().splitlines()
    ports = {line.split("=")[0]: int(line.split("=")[1]) for line in lines if "_PORT=" in line}
    offset = next(offset for offset in range(5000, 12000, 500) if all(_free(port + offset) for port in ports.values()))
    moved = [f"{name}={ports[name] + offset}" if (name := line.split("=")[0]) in ports else line for line in lines]
    return "\n".join([*moved, f"COMPOSE_PROJECT_NAME={project}", f"TRADEAI_TAG={project}"]) + "\n"


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def project_name() -> str:
    return f"{os.environ.get('TRADEAI_TEST_PROJECT', 'tradeai-test')}-lost"
