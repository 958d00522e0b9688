"""Gathers everything that one examination looks at. What cannot be seen is left out, with the reason, and never ends the rest."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from app.core.clock import Clock
from app.supervisor.doctor.backend import BackendSilent
from app.supervisor.doctor.world import AlertFacts, Certificate, File, HostFacts, World
from app.supervisor.engine import EngineError
from app.supervisor.events import Ask, Asked
from app.supervisor.services import BESIDE
from app.supervisor.state import State

WATCHED = ("mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx", "dockerproxy", "supervisor", *BESIDE)
_MOST_FILES = 2000

Found = TypeVar("Found")


class Engine(Protocol):
    """What is asked of Docker."""

    def describe(self, service: str) -> Mapping[str, Any] | None: ...
    def version(self) -> Mapping[str, Any]: ...


class Backend(Protocol):
    """What is asked of the backend."""

    def tell(self) -> Mapping[str, Any]: ...
    def create_indexes(self) -> int: ...


class Keeper(Protocol):
    """What is needed of the loop."""

    @property
    def state(self) -> State: ...
    def ask(self, asked: Asked) -> str | None: ...


@dataclass(frozen=True)
class Ports:
    """Where evidence comes from; every one of them may fail."""

    clock: Clock
    keeper: Keeper
    engine: Engine
    backend: Backend
    door: Callable[[], Certificate]
    settings: Mapping[str, str]
    folders: Mapping[str, Path]
    store_trouble: Callable[[], str] = lambda: ""
    alerts: Callable[[], AlertFacts | None] = lambda: None


def gather(ports: Ports, facts: HostFacts | None) -> World:
    """One look at everything."""
    silence: dict[str, str] = {}
    return World(
        now=ports.clock.now(),
        state=ports.keeper.state,
        hands=Hands(ports),
        settings=ports.settings,
        kernel=platform.release(),
        facts=facts,
        inspected=_inspect(ports.engine, silence),
        docker=_try("docker", ports.engine.version, silence),
        told=_try("app", ports.backend.tell, silence),
        certificate=_try("certificate", ports.door, silence),
        folders=_list(ports.folders, silence),
        alerts=ports.alerts(),
        store_trouble=ports.store_trouble(),
        silence=silence,
    )


def list_files(folder: Path) -> Sequence[File]:
    """The plain files directly in `folder`. Raises OSError."""
    found: list[File] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and len(found) < _MOST_FILES:
                status = entry.stat(follow_symlinks=False)
                found.append(File(entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


@dataclass(frozen=True)
class Hands:
    """What fixes do, through the same ports."""

    ports: Ports

    def remove(self, folder: str, names: Sequence[str]) -> int:
        """How many of these files were deleted; a name that leads out of the folder is refused."""
        done = 0
        for name in names:
            if name != Path(name).name:
                raise ValueError(f"{name!r} is not the name of a file in a folder")
            (self.ports.folders[folder] / name).unlink(missing_ok=True)
            done += 1
        return done

    def create_indexes(self) -> int:
        return self.ports.backend.create_indexes()

    def start(self, service: str) -> str | None:
        return self.ports.keeper.ask(Asked(service, Ask.START, "doctor"))


def _list(folders: Mapping[str, Path], silence: dict[str, str]) -> dict[str, Sequence[File]]:
    listed = {name: _try(name, partial(list_files, path), silence) for name, path in folders.items()}
    return {name: files for name, files in listed.items() if files is not None}


def _inspect(engine: Engine, silence: dict[str, str]) -> dict[str, Mapping[str, Any]]:
    found = {}
    for service in WATCHED:
        try:
            container = engine.describe(service)
        except EngineError as error:
            silence["containers"] = str(error)
            return {}
        if container is not None:
            found[service] = container
    return found


def _try(name: str, look: Callable[[], Found], silence: dict[str, str]) -> Found | None:
    try:
        return look()
    except (EngineError, BackendSilent, OSError, ValueError) as error:
        silence[name] = str(error) or type(error).__name__
        return None
