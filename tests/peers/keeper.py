"""What is asked of each of them: watch, say when something was noticed, and what it costs."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.peers.mailbox import Mailbox
from tests.peers.scene import Scene

PERIOD = 3  # seconds between two questions, and
MISSES = 3  # this many lost answers before it counts, as our supervisor has it
_TICKS = os.sysconf("SC_CLK_TCK")


class Keeper(ABC):
    """One that watches the scene. `folder` is where its files may lie, `tools` where its programs are."""

    name = ""

    def __init__(self, scene: Scene, mail: Mailbox, folder: Path, tools: Path) -> None:
        self.scene, self.mail, self.folder, self.tools = scene, mail, folder, tools
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def start(self) -> None:
        """Begin to watch; returns when it watches everything and finds it well."""

    @abstractmethod
    def stop(self) -> None:
        """End, and leave the appliance as it is."""

    @abstractmethod
    def noticed(self, since: datetime) -> datetime | None:
        """When it first counted anything as broken since then."""

    @abstractmethod
    def processes(self) -> list[int]:
        """Everything it needs to run, helpers included."""


@dataclass(frozen=True)
class Cost:
    """Resident megabytes, and per cent of one core."""

    memory: float
    share: float


def cost(processes: Callable[[], Sequence[int]], seconds: float) -> Cost:
    """What they take over `seconds` in which nothing happens."""
    before, began = sum(_spent(one) for one in processes()), time.monotonic()
    time.sleep(seconds)
    chosen = list(processes())
    after, took = sum(_spent(one) for one in chosen), time.monotonic() - began
    return Cost(sum(_resident(one) for one in chosen), (after - before) / took * 100)


def launch(command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """A program in the background, its words in `log`."""
    with log.open("wb") as file:
        return subprocess.Popen([str(part) for part in command], stdout=file, stderr=subprocess.STDOUT)


def end(programs: Sequence[subprocess.Popen[bytes]]) -> None:
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait(20)


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _resident(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
