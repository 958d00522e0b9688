"""What keeps the appliance fails itself: the way to Docker, the supervisor at its worst moments, and everything at once."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from tests.appliance import wait_until
from tests.faults.fault import Fault, Healer, Pace
from tests.faults.receivers import MAIL, WEBHOOK
from tests.faults.rig import KEPT, Rig, pause


def _is_told(rig: Rig) -> object:
    return rig.heard.since(rig.notes["begun"])


def _kill_supervisor(rig: Rig) -> None:
    process = rig.pid("supervisor")
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: rig.pid("supervisor") not in {0, process}, 60, "Docker did not start the supervisor again")
    wait_until(lambda: rig.watcher.last, 60, "the supervisor does not answer")


def _kill_while_it_restarts(rig: Rig) -> None:
    """The moment at which its call to Docker is under way."""
    rig.signal("ai", signal.SIGSTOP)
    wait_until(lambda: rig.ask("/api/v1/services/ai")["under_way"], 180, "no restart began")
    _kill_supervisor(rig)


def _kill_before_it_sends(rig: Rig) -> None:
    """Decided and stored, but neither receiver has taken it."""
    rig.heard.closed |= {WEBHOOK, MAIL}
    rig.kill_main("realtime")
    wait_until(lambda: rig.ask("/api/v1/alerts/channels")["waiting"] >= 2, 60, "no message was stored")
    _kill_supervisor(rig)
    rig.heard.closed.clear()


def _docker_away(rig: Rig, then_kill: str = "") -> None:
    """Docker itself is not stopped: every container of the machine would stop with it."""
    rig.docker("pause", rig.container("dockerproxy"))
    wait_until(lambda: rig.watcher.status("dockerproxy") == "failed", 90, "its absence was not noticed")
    if then_kill:
        rig.kill_main(then_kill)


def _everything(rig: Rig) -> None:
    processes = [rig.pid(service) for service in KEPT]
    with ThreadPoolExecutor(len(processes)) as hands:
        list(hands.map(lambda process: os.kill(process, signal.SIGKILL), processes))


def _one_message(rig: Rig) -> str:
    count = len(rig.heard.since(rig.notes["begun"]))
    return "" if count == 2 else f"{count} messages on two channels for one moment"


def _both_told(rig: Rig) -> bool:
    about = {alert for told in rig.heard.since(rig.notes["begun"]) for alert in told.alerts}
    return {"docker_silent", "service_down ai"} <= about


FAULTS = (
    Fault(
        "the way to Docker killed",
        "control",
        inject=lambda rig: (rig.kill_main("dockerproxy"), pause(5)),
        blamed=(),
        told=(),
        unwell=False,
        healed_by=Healer.DOCKER,
        pace=Pace.PATIENT,
    ),
    Fault(
        "Docker does not answer (its proxy is paused)",
        "control",
        inject=_docker_away,
        stands=_is_told,
        undo=lambda rig: rig.docker("unpause", rig.container("dockerproxy"), check=False),
        blamed=("docker_silent",),
        told=("docker_silent",),
        healed_by=Healer.UNDONE,
        unwell=False,
        pace=Pace.PATIENT,
    ),
    Fault(
        "Docker does not answer, and ai dies meanwhile",
        "control",
        inject=lambda rig: _docker_away(rig, then_kill="ai"),
        stands=_both_told,
        undo=lambda rig: rig.docker("unpause", rig.container("dockerproxy"), check=False),
        blamed=("docker_silent", "ai"),
        told=("docker_silent", "service_down ai"),
        restarted=("ai",),
        messages=(1, 2),  # one for both when they begin within the same wait
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
    ),
    Fault(
        "every service killed at once",
        "control",
        inject=_everything,
        blamed=("mongodb", "redis"),
        suspects=("host", *KEPT),  # each of them really ended by itself
        told=("service_down mongodb", "service_down redis"),
        perhaps=tuple(f"service_down {service}" for service in KEPT),
        restarted=KEPT,
        proof=_one_message,
    ),
    Fault(
        "the supervisor killed while nothing is wrong",
        "control",
        inject=_kill_supervisor,
        blamed=(),
        told=(),
        unwell=False,
        healed_by=Healer.DOCKER,
    ),
    Fault(
        "the supervisor killed while it restarts a hung ai",
        "control",
        inject=_kill_while_it_restarts,
        blamed=("ai",),
        told=("service_down ai",),
        maybe=("ai",),
        pace=Pace.SOON,
    ),
    Fault(
        "the supervisor killed between decision and sending",
        "control",
        inject=_kill_before_it_sends,
        undo=lambda rig: rig.heard.closed.clear(),
        blamed=("realtime",),
        told=("service_down realtime",),
        restarted=("realtime",),
        pace=Pace.PROMPT,
    ),
)
