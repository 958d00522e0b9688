"""What the whole appliance needs: time from stopped to healthy, and memory at rest."""

import os
import re
import time

import docker

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


def processor_seconds(appliance: Appliance) -> dict[str, float]:
    """What each container has used of the processor so far, and this process (`driver`)."""
    own = os.times()
    spent = {"driver": own.user + own.system}
    engine = docker.from_env()
    for container in engine.containers.list(filters={"label": f"com.docker.compose.project={appliance.project}"}):
        usage = container.stats(stream=False, one_shot=True)["cpu_stats"]["cpu_usage"]["total_usage"]
        spent[container.labels["com.docker.compose.service"]] = usage / 1e9
    engine.close()
    return spent
