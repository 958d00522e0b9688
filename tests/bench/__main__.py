"""Run the measurements named on the command line (all by default), print the table, keep the JSON."""

import importlib
import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.appliance import Appliance
from tests.bench.result import Result

MEASUREMENTS = {
    "memory": "machine:measure_memory",
    "budget": "keeper:measure_budget",
    "list": "list_endpoint:measure",
    "import": "landing:measure",
    "page": "page_load:measure",
    "sockets": "open_sockets:measure",
    "people": "connected_users:measure",
    "simulate": "simulate:measure",
    "start": "machine:measure_start",
    "backup": "backups:measure",
}
ON_DEMAND = {"backup"}  # the better part of an hour


def main(wanted: list[str], report: Path) -> None:
    """Measure, show, keep."""
    appliance = Appliance.from_environment()
    appliance.wait_healthy()
    results: list[Result] = []
    for name in wanted or [name for name in MEASUREMENTS if name not in ON_DEMAND]:
        print(f"measuring {name} ...", flush=True)
        results += _measurement(name)(appliance)
    report.write_text(json.dumps({"machine": machine(), "results": [result.as_dict() for result in results]}, indent=2))
    _show(results)


def _measurement(name: str) -> Callable[[Appliance], list[Result]]:
    module, function = MEASUREMENTS[name].split(":")
    return getattr(importlib.import_module(f"tests.bench.{module}"), function)  # type: ignore[no-any-return]


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    text = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), platform.machine())
    kilobytes = int(
        next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    )
    return {
        "processor": model,
        "cores": str(text.count("processor\t:")),
        "memory": f"{kilobytes / 1024 / 1024:.0f} GB",
        "kernel": platform.release(),
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def _show(results: list[Result]) -> None:
    table = Table("what", "measured", "goal", "", "note")
    for result in results:
        goal = "" if result.goal is None else f"{result.goal:g} {result.unit}"
        met = {True: "met", False: "NOT MET", None: ""}[result.met]
        table.add_row(result.name, f"{result.value:.2f} {result.unit}", goal, met, result.note)
    Console(width=180).print(table)


if __name__ == "__main__":
    main(sys.argv[2:], Path(sys.argv[1]))
