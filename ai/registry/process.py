"""The frame of a job in its own process: lower priority, one at a time, and a state that always says how it ended."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from ai.logs import configure_logging
from ai.registry.jobs import JobFiles, JobState, now
from ai.settings import Settings, read_settings

log = structlog.get_logger(__name__)
Work = Callable[[Settings, JobFiles, JobState], JobState]


@dataclass(frozen=True)
class Kind:
    """name: as people read it (`training`); nice: added to the process's own; folder: below the models, where its states lie;
    refusals: errors whose message says why there is nothing to do."""

    name: str
    nice: int
    refusals: tuple[type[Exception], ...]
    folder: str = ""


def run(kind: Kind, work: Work, argv: list[str] | None = None, description: str | None = None) -> int:
    """Runs `work` as the job that `--job` names; 0 when it finished, 1 when its state says failed.

    `work` returns the finished state. Raises MissingSecret when the settings cannot be read.
    """
    arguments = _arguments(argv, description)
    os.nice(kind.nice)
    settings = read_settings()
    configure_logging(settings.log_level)
    files = JobFiles(settings.models_dir / Path(kind.folder))
    state = files.find(arguments.job) or JobState(arguments.job, arguments.source, "running", now())
    with files.sole_training() as free:
        if not free:
            return _failed(files, state, f"another {kind.name} is running")
        try:
            files.save(work(settings, files, state))
        except kind.refusals as error:
            return _failed(files, state, str(error))
        except Exception as error:  # the process's edge: the job must say that it failed
            log.exception(f"{kind.name}_failed", job=state.id)
            return _failed(files, state, f"{type(error).__name__}: {error}")
    return 0


def _arguments(argv: list[str] | None, description: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--job", required=True)
    parser.add_argument("--source", choices=["pos", "shipment"], default="pos")
    return parser.parse_args(argv)


def _failed(files: JobFiles, state: JobState, error: str) -> int:
    files.save(replace(state, status="failed", finished_at=now(), error=error))
    return 1
