"""A service ends as often as it is started, until it is set aside; then the cause is removed and a person releases it."""

import fcntl
import threading
from pathlib import Path
from typing import IO

from tests.appliance import wait_until
from tests.faults.fault import Fault, Healer, Pace, Step
from tests.faults.rig import Rig


def _set_aside(service: str) -> object:
    return lambda rig: rig.watcher.status(service) == "quarantined"


def _said_aside(service: str) -> object:
    alert = f"service_quarantined {service}"
    return lambda rig: any(alert in told.alerts for told in rig.heard.since(rig.notes["begun"]))


def _spoil(rig: Rig, service: str, path: str, content: bytes) -> None:
    """A file that the service reads when it starts is nonsense; the others have read it long ago."""
    file = rig.appliance.root / path
    rig.notes["file"], rig.notes["content"] = file, file.read_bytes()
    file.write_bytes(content)
    rig.kill_main(service)


def _mend(rig: Rig, service: str) -> None:
    file = rig.notes.get("file")
    if isinstance(file, Path):
        file.write_bytes(rig.notes["content"])
    rig.wish(service, "release")


def _exits(service: str, how: str, inject: Step, undo: Step, code: int = 1) -> Fault:
    def proof(rig: Rig) -> str:
        said = {turn.reason for turn in rig.watcher.bad_since(rig.notes["begun"]) if turn.service == service}
        seen = any(reason.endswith(f"exit code {code}") for reason in said)
        return "" if seen else f"exit code {code} was not seen, only {sorted(said)}"

    return Fault(
        f"{service} ends with exit code {code} at each start ({how})",
        "exit code 1 in a loop",
        inject=inject,
        stands=_set_aside(service),
        undo=undo,
        blamed=(service,),
        told=(f"service_down {service}",),
        restarted=(service,),
        healed_by=Healer.OPERATOR,
        proof=proof,
    )


def _spoilt(service: str, path: str, content: bytes = b"not what it should be\n", code: int = 1) -> Fault:
    return _exits(
        service,
        f"{path} {'spoilt' if content else 'emptied'}",
        lambda rig: _spoil(rig, service, path, content),
        lambda rig: _mend(rig, service),
        code,
    )


def _lock_data(rig: Rig) -> None:
    """Another server seems to use the data folder: its lock is taken in the moment in which ours dies."""
    listed = rig.docker("volume", "inspect", "-f", "{{.Mountpoint}}", f"{rig.appliance.project}_mongodb-data")
    rig.notes["lock"] = lock = (Path(listed.strip()) / ".lock").open("a")
    rig.kill_main("mongodb")
    wait_until(lambda: _locked(lock), 10, "the lock of the data folder could not be had")


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlock_data(rig: Rig) -> None:
    lock = rig.notes.get("lock")
    if lock is not None:
        lock.close()
    rig.wish("mongodb", "release")


def _error_log(rig: Rig) -> Path:
    return rig.appliance.root / rig.appliance.env["LOG_DIR"] / "worker-error.log"


def _block_log(rig: Rig) -> None:
    """A folder stands where the worker writes its errors; nobody else opens that file."""
    log = _error_log(rig)
    log.rename(log.with_suffix(".aside"))
    log.mkdir()
    rig.kill_main("worker")


def _free_log(rig: Rig) -> None:
    log = _error_log(rig)
    aside = log.with_suffix(".aside")
    if aside.exists():
        if log.is_dir():
            log.rmdir()
        aside.replace(log)
    rig.wish("worker", "release")


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
    _spoilt("nginx", "secrets/tls/fullchain.pem"),
    _exits("mongodb", "its data folder is locked by another", _lock_data, _unlock_data),
    _spoilt("backend", "secrets/secret_key", b"", code=3),
    _exits("worker", "a folder stands where its log should be", _block_log, _free_log),
    _hunted("ai"),
    _hunted("redis"),
    _flaps("worker"),
)
