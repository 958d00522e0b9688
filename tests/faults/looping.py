"""A service ends as often as it is started, until it is set aside; then the cause is removed and a person releases it."""

import threading
from pathlib import Path

from tests.faults.fault import Fault, Healer, Pace
from tests.faults.rig import Rig


def _set_aside(service: str) -> object:
    return lambda rig: rig.watcher.status(service) == "quarantined"


def _said_aside(service: str) -> object:
    alert = f"service_quarantined {service}"
    return lambda rig: any(alert in told.alerts for told in rig.heard.since(rig.notes["begun"]))


def _spoil(rig: Rig, service: str, path: str) -> None:
    """A file that the service reads when it starts is nonsense; the others have read it long ago."""
    file = rig.appliance.root / path
    rig.notes["file"], rig.notes["content"] = file, file.read_bytes()
    file.write_bytes(b"not what it should be\n")
    rig.kill_main(service)


def _mend(rig: Rig, service: str) -> None:
    file = rig.notes.get("file")
    if isinstance(file, Path):
        file.write_bytes(rig.notes["content"])
    rig.wish(service, "release")


def _exits(service: str, path: str) -> Fault:
    def proof(rig: Rig) -> str:
        said = {turn.reason for turn in rig.watcher.bad_since(rig.notes["begun"]) if turn.service == service}
        return "" if any(reason.endswith("exit code 1") for reason in said) else f"exit code 1 was not seen, only {sorted(said)}"

    return Fault(
        f"{service} ends with exit code 1 at each start ({path} spoilt)",
        "exit code 1 in a loop",
        inject=lambda rig: _spoil(rig, service, path),
        stands=_set_aside(service),
        undo=lambda rig: _mend(rig, service),
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        healed_by=Healer.OPERATOR,
        proof=proof,
    )


def _keep_killing(rig: Rig, service: str, lives: float) -> None:
    """Each time it has run for `lives` seconds its main process is killed."""
    rig.notes["mercy"] = mercy = threading.Event()

    def hunt() -> None:
        while not mercy.is_set():
            process = rig.pid(service)
            if process and not mercy.wait(lives) and rig.pid(service) == process:
                rig.kill_main(service)
            mercy.wait(0.3)

    rig.notes["hunter"] = hunter = threading.Thread(target=hunt, daemon=True)
    hunter.start()


def _have_mercy(rig: Rig, service: str) -> None:
    rig.notes["mercy"].set()
    rig.notes["hunter"].join(60)
    rig.wish(service, "release")


def _hunted(service: str) -> Fault:
    return Fault(
        f"{service} is killed as soon as it runs",
        "exit code 1 in a loop",
        inject=lambda rig: _keep_killing(rig, service, 0.2),
        stands=_set_aside(service),
        undo=lambda rig: _have_mercy(rig, service),
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        healed_by=Healer.OPERATOR,
    )


def _flaps(service: str) -> Fault:
    return Fault(
        f"{service} flaps: up 20 s, down, rules as delivered",
        "flapping",
        inject=lambda rig: _keep_killing(rig, service, 20),
        stands=_said_aside(service),
        undo=lambda rig: _have_mercy(rig, service),
        blamed=(service,),
        told=(f"service_quarantined {service}",),
        restarted=(service,),
        healed_by=Healer.OPERATOR,
        pace=Pace.DELIVERED,
        limit=300,
    )


FAULTS = (
    _hunted("realtime"),
    _exits("nginx", "secrets/tls/fullchain.pem"),
    _hunted("ai"),
    _hunted("redis"),
    _flaps("worker"),
)
