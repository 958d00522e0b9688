"""What the whole appliance needs: time from stopped to healthy, and memory at rest."""

import re
import time

from tests.appliance import Appliance
from tests.bench.result import Result

OURS = ("backend", "realtime", "worker", "ai", "supervisor", "nginx", "dockerproxy", "redis")
_UNITS = {"B": 1e-6, "KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}


def measure_start(appliance: Appliance) -> list[Result]:
    """`docker compose stop`, then `up -d` until /health says ok."""
    appliance.compose("stop")
    started = time.perf_counter()
    appliance.compose("up", "-d")
    appliance.wait_healthy(180)
    return [Result("stopped stack to all healthy", time.perf_counter() - started, "s", 30)]


def measure_memory(appliance: Appliance) -> list[Result]:
    """Resident memory of the containers that run our code, and of the whole appliance for comparison."""
    megabytes = {}
    for line in appliance.run("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").stdout.splitlines():
        name, used = line.split()[:2]
        match = re.fullmatch(r"([\d.]+)(B|KiB|MiB|GiB)", used)
        if name.startswith(f"{appliance.project}-") and match:
            megabytes[name.removeprefix(f"{appliance.project}-").rsplit("-", 1)[0]] = float(match[1]) * _UNITS[match[2]]
    ours = {name: size for name, size in megabytes.items() if name in OURS}
    listed = ", ".join(f"{name} {size:.0f}" for name, size in sorted(megabytes.items()))
    return [
        Result("memory of our own containers, idle", sum(ours.values()), "MB", 600, note=listed),
        Result("memory of the whole appliance, idle", sum(megabytes.values()), "MB"),
    ]
