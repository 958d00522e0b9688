"""What the supervisor itself costs while nothing is wrong: memory and processor time over ten idle minutes."""

import json
import os
import time
from pathlib import Path

from tests.appliance import Appliance
from tests.bench.result import Result, mean

IDLE = 600.0  # seconds
_EVERY = 5.0
_TICKS = os.sysconf("SC_CLK_TCK")


def measure_budget(appliance: Appliance) -> list[Result]:
    """Resident memory (the most that was seen) and share of one core, of every process in the supervisor's container."""
    appliance.wait_healthy()
    main = _main_process(appliance)
    spent, began = _seconds(_processes(main)), time.monotonic()
    memory: list[float] = []
    while time.monotonic() - began < IDLE:
        time.sleep(_EVERY)
        memory.append(_megabytes(_processes(main)))
    share = (_seconds(_processes(main)) - spent) / (time.monotonic() - began) * 100
    assert _main_process(appliance) == main, "the supervisor was started anew meanwhile"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        Result(
            "supervisor: resident memory over ten idle minutes, most", max(memory), "MB", 100, note=f"mean {mean(memory):.1f}"
        ),
        Result("supervisor: share of one core, ten idle minutes", share, "%", 2, note=f"the machine's load was {load}"),
    ]


def _main_process(appliance: Appliance) -> int:
    name = f"{appliance.project}-supervisor-1"
    return int(json.loads(appliance.run("docker", "inspect", name).stdout)[0]["State"]["Pid"])


def _processes(main: int) -> list[int]:
    """`main` and everything below it."""
    found, waiting = [], [main]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            waiting += [int(child) for child in task.read_text().split()]
    return found


def _megabytes(processes: list[int]) -> float:
    """What is resident, with the pages of shared libraries."""
    size = 0
    for process in processes:
        try:
            size += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue  # it ended in this moment
    return size / 1e6


def _seconds(processes: list[int]) -> float:
    """Processor time so far, that of children that ended included."""
    ticks = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])  # of its own and of children waited for, in user and system mode
    return ticks / _TICKS
