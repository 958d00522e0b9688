"""Training as a job: one at a time, in its own process with lower priority, its state in a file."""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ai.registry.manifest import write_atomically

KEPT_JOBS = 20
TRAINING = [sys.executable, "-m", "ai.registry.train"]
EVALUATION = [sys.executable, "-m", "ai.retrospect.run"]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class JobState:
    id: str
    source: str
    status: str  # running, done, failed
    started_at: str
    progress: float = 0.0
    step: str = ""
    finished_at: str | None = None
    model: str | None = None
    error: str | None = None
    held_back: str | None = None  # of a training: why its model is kept but does not serve


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class JobFiles:
    """The states of jobs in `folder/jobs`, and the lock that lets one training run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "jobs"
        self._lock = folder / "training.lock"

    def save(self, state: JobState) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._folder / f"{state.id}.json", json.dumps(asdict(state)))

    def find(self, key: str) -> JobState | None:
        """The job as it is; one that says running without a process is failed."""
        if not key.replace("_", "").isalnum():
            return None
        try:
            state = JobState(**json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return state

    def newest(self) -> JobState | None:
        names = sorted(path.stem for path in self._folder.glob("job_*.json"))
        return self.find(names[-1]) if names else None

    def forget_old(self) -> None:
        for path in sorted(self._folder.glob("job_*.json"))[:-KEPT_JOBS]:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def sole_training(self) -> Iterator[bool]:
        """Yields whether this process alone may train; the kernel frees the lock when the process dies."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


class TrainingJobs:
    """Starts trainings and knows about them; safe to use from several threads."""

    def __init__(self, folder: Path, command: list[str] | None = None) -> None:
        self.files = JobFiles(folder)
        self._command = command or TRAINING
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, source: str) -> JobState:
        """The running job if there is one, else a new one."""
        with self._guard:
            newest = self._settled(self.files.newest())
            if newest and newest.status == "running":
                return newest
            state = JobState(_job_id(), source, "running", now(), step="starting")
            self.files.save(state)
            self.files.forget_old()
            self._process = subprocess.Popen([*self._command, "--job", state.id, "--source", source])
            threading.Thread(target=self._process.wait, daemon=True).start()
            log.info("training_started", job=state.id, source=source)
            return state

    def find(self, key: str) -> JobState | None:
        with self._guard:
            return self._settled(self.files.find(key))

    def stop(self, why: str) -> JobState | None:
        """Ends what runs, which leaves everything as it was before it began; returns its state, None when nothing runs."""
        with self._guard:
            state = self._settled(self.files.newest())
            if state is None or state.status != "running":
                return None
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            ended = self._settled(state)
            if ended is None or ended.status != "failed":
                return ended
            stopped = replace(ended, error=why)
            self.files.save(stopped)
            log.info("process_stopped", job=state.id, why=why)
            return stopped

    def running(self) -> bool:
        with self._guard:
            newest = self._settled(self.files.newest())
            return bool(newest and newest.status == "running")

    def _settled(self, state: JobState | None) -> JobState | None:
        """A job whose process is gone without a result is marked failed."""
        if state is None or state.status != "running":
            return state
        if self._process is not None and self._process.poll() is None:
            return state
        with self.files.sole_training() as free:
            if not free:
                return state  # trained by another process of this service
        state = self.files.find(state.id) or state  # it may have finished meanwhile
        if state.status == "running":
            state = replace(state, status="failed", finished_at=now(), error="the process ended early")
            self.files.save(state)
        return state


def _job_id() -> str:
    return f"job_{datetime.now(UTC):%Y%m%d%H%M%S%f}"
