"""How far the work is: a small file that pages and commands read while it goes on."""

import time
from pathlib import Path
from typing import Any, Protocol

from app.backup.shelf import read_json, write_json
from app.core.clock import Clock

_EVERY_SECONDS = 0.5


class Progress(Protocol):
    """Told the step and how much of it is done; `total` 0 when nobody knows."""

    def step(self, name: str, total: int = 0) -> None: ...
    def done(self, count: int) -> None: ...


class Silent:
    """Nobody looks."""

    def step(self, name: str, total: int = 0) -> None:
        """Nothing."""

    def done(self, count: int) -> None:
        """Nothing."""


class ProgressFile:
    """Written at every step, and at most twice a second within one."""

    def __init__(self, path: Path, what: str, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._written = 0.0
        self._now: dict[str, Any] = {"what": what, "since": clock.now().isoformat(), "step": "", "done": 0, "total": 0}

    def step(self, name: str, total: int = 0) -> None:
        self._now |= {"step": name, "done": 0, "total": total}
        self._write()

    def done(self, count: int) -> None:
        self._now["done"] = count
        if time.monotonic() - self._written >= _EVERY_SECONDS:
            self._write()

    def over(self) -> None:
        """Nothing goes on any more."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._written = time.monotonic()
        write_json(self._path, self._now | {"at": self._clock.now().isoformat()})


def read_progress(path: Path) -> dict[str, Any] | None:
    """What goes on: what, since, step, done, total; None when nothing does."""
    return read_json(path)
