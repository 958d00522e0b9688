"""The kernel kills a service's main process because its container is at its memory limit.

A process of ours in the container's memory group takes all that is left, as shared memory, which counts for the group and for no
process; the kernel is told to choose the main one.
"""

import subprocess
import sys
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.rig import KEPT, Rig

_GROUPS = (Path("/sys/fs/cgroup/memory/docker"), Path("/sys/fs/cgroup/system.slice"))
_EATER = """
import os, sys, tempfile
victim, group = sys.argv[1:]
with open(group, "w") as file:
    file.write(str(os.getpid()))
with tempfile.TemporaryFile(dir="/dev/shm", buffering=0) as shared:
    for _megabyte in range(4096):
        if not os.path.exists(f"/proc/{victim}/exe"):
            break
        shared.write(b"x" * (1 << 20))
"""


def _eat(rig: Rig, service: str) -> None:
    inspected = rig.inspect(service)
    victim, name = inspected["State"]["Pid"], inspected["Id"]
    groups = (_GROUPS[0] / name / "cgroup.procs", _GROUPS[1] / f"docker-{name}.scope" / "cgroup.procs")
    group = next((path for path in groups if path.exists()), None)
    assert group is not None, f"the memory group of {service} was not found"
    Path(f"/proc/{victim}/oom_score_adj").write_text("1000")
    rig.notes["eater"] = subprocess.Popen([sys.executable, "-c", _EATER, str(victim), str(group)])


def _stop(rig: Rig) -> None:
    eater = rig.notes.get("eater")
    if eater is not None:
        eater.kill()
        eater.wait(10)


def _out_of_memory(service: str) -> Fault:
    def proof(rig: Rig) -> str:
        found = rig.evidence_since(rig.notes["begun"])
        known = any(one["service"] == service and one["oom_killed"] for one in found)
        return "" if known else "the incident does not say that it was killed for its memory"

    return Fault(
        f"out of memory in {service}",
        "out of memory",
        inject=lambda rig: _eat(rig, service),
        undo=_stop,
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        proof=proof,
    )


FAULTS = tuple(_out_of_memory(service) for service in KEPT)
