"""Break the appliance under each keeper in the same ways: `python -m tests.peers REPORT.json TOOLS`."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.appliance import Appliance, wait_until
from tests.bench.__main__ import machine
from tests.faults.rig import gateway
from tests.peers.keeper import Keeper, cost
from tests.peers.mailbox import Mailbox, mailbox
from tests.peers.monit import Monit
from tests.peers.ours import Ours
from tests.peers.prometheus import Prometheus
from tests.peers.scene import Scene, scene

_IDLE = 30.0  # seconds over which memory and processor time are taken
_LIMIT = 120.0  # seconds after which a fault counts as not healed
_QUIET = 100.0  # seconds after recovery in which messages may still come
FAULTS: tuple[tuple[str, str, Callable[[Scene], None]], ...] = (
    ("kill -9 of the backend", "backend", lambda on: on.kill("backend")),
    ("kill -9 of MongoDB", "mongodb", lambda on: on.kill("mongodb")),
    ("MongoDB hangs (SIGSTOP)", "mongodb", lambda on: on.hang("mongodb")),
)


@dataclass
class Measured:
    """Seconds from the fault. `mails` are subjects in the order of their arrival, `needless` restarts of others."""

    keeper: str
    fault: str
    noticed: float | None = None
    acted: float | None = None
    recovered: float | None = None
    needless: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


def main(report: Path, tools: Path) -> None:
    """Ours first, which is stopped while the others watch; it watches again at the end."""
    appliance = Appliance.from_environment()
    appliance.wait_healthy()
    found: dict[str, object] = {"machine": machine()}
    cases, costs = [], {}
    with scene(appliance) as on, mailbox(gateway(appliance)) as mail, tempfile.TemporaryDirectory() as folder:
        try:
            for number, kind in enumerate((Ours, Monit, Prometheus)):
                keeper = kind(on, mail, Path(folder) / str(number), tools)
                keeper.start()
                try:
                    costs[keeper.name] = asdict(cost(keeper.processes, _IDLE))
                    for name, service, break_it in FAULTS:
                        print(f"{keeper.name}: {name} ...", flush=True)
                        cases.append(asdict(_measure(keeper, on, mail, name, service, break_it)))
                        found |= {"cost": costs, "cases": cases}
                        report.write_text(json.dumps(found, indent=1))
                finally:
                    keeper.stop()
        finally:
            appliance.run("docker", "start", on.container("supervisor"))
    appliance.wait_healthy()
    print(table(costs, cases))


def _measure(keeper: Keeper, on: Scene, mail: Mailbox, name: str, service: str, break_it: Callable[[Scene], None]) -> Measured:
    wait_until(on.works, 300, "the appliance is not well")
    result = Measured(keeper.name, name)
    begun = datetime.now(UTC)
    break_it(on)
    wait_until(lambda: not on.works(), 30, "the fault does not show")
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline and result.recovered is None:
        if on.works():
            result.recovered = _since(begun, datetime.now(UTC))
        time.sleep(0.2)
    if result.recovered is None:
        on.restart(service)
        wait_until(on.works, 300, "a restart by hand does not help either")
    time.sleep(_QUIET)
    first = keeper.noticed(begun)
    result.noticed = _since(begun, first) if first else None
    acts = [act for act in on.acts_since(begun) if act[2] != "supervisor"]
    mine = [at for at, _action, whose in acts if whose == service]
    if result.recovered is not None and mine:
        result.acted = _since(begun, mine[0])
    result.needless = sorted({whose for _at, action, whose in acts if whose != service and action == "start"})
    result.mails = mail.since(begun)
    return result


def _since(begun: datetime, moment: datetime) -> float:
    return (moment - begun).total_seconds()


def table(costs: dict[str, dict[str, float]], cases: list[dict[str, object]]) -> str:
    """As it stands in docs/performance.md."""
    lines = ["| keeper | fault | noticed | acted | well again | others restarted | messages |", "|---|---|---|---|---|---|---|"]
    for case in cases:
        times = [f"{case[key]:.1f} s" if case[key] is not None else "never" for key in ("noticed", "acted", "recovered")]
        needless, mails = ", ".join(case["needless"]) or "none", len(case["mails"])  # type: ignore[arg-type]
        lines.append(f"| {case['keeper']} | {case['fault']} | {' | '.join(times)} | {needless} | {mails} |")
    lines += ["", "| keeper | memory | of a core |", "|---|---|---|"]
    lines += [f"| {name} | {one['memory']:.0f} MB | {one['share']:.1f} % |" for name, one in costs.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
