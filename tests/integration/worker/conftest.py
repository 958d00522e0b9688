"""A worker as a process tree of its own on the test's Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.jobs import Job, JobState, read
from tests.integration.processes import Service, free_port, redis_settings, wait_until


class Worker(Service):
    """The worker under test."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        own = {"TRADEAI_SERVICE": "worker", "TRADEAI_WORKER_PORT": str(self.port), "TRADEAI_WORKER_CONSUMERS": "1"}
        super().__init__("app.worker", {**redis_settings(folder), **own, **settings}, folder)

    @classmethod
    @contextmanager
    def running(cls, folder: Path, **settings: str) -> Iterator["Worker"]:
        """Started, alive, and stopped afterwards."""
        worker = cls(folder, **settings)
        try:
            wait_until(worker.alive, 60, "the worker lives")
            yield worker
        finally:
            worker.stop()

    def alive(self) -> bool:
        assert self.process.poll() is None, self.output
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/livez", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def worker(redis_client: Any, tmp_path: Path) -> Iterator[Worker]:
    """A running worker with one consumer."""
    with Worker.running(tmp_path) as worker:
        yield worker


def ended(job_id: str, seconds: float = 60.0) -> Job:
    """The job once it ended."""
    wait_until(lambda: read(job_id).state.final, seconds, f"{job_id} ends")
    return read(job_id)


def running(job_id: str, redis_client: Any, name: str, times: int = 1) -> int:
    """Waits until the `wait` job was begun `times` times; its process id."""
    wait_until(lambda: int(redis_client.get(f"test:{name}:begun") or 0) >= times, 60, f"{job_id} runs")
    wait_until(lambda: read(job_id).state is JobState.RUNNING)
    return int(redis_client.get(f"test:{name}:pid"))
