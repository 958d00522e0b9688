"""The worker's process tree on a real Redis: whatever dies, no job is lost and none runs for ever."""

import re
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core import jobs
from app.core.jobs import JobState, cancel, enqueue, read
from tests.integration.processes import wait_until
from tests.integration.worker.conftest import Worker, ended, running

WORK = "tests.integration.worker.work_for_tests"


@pytest.fixture(autouse=True)
def _job_functions_of_tests(monkeypatch: pytest.MonkeyPatch, redis_client: Any) -> None:
    monkeypatch.setattr(jobs, "_PATH", re.compile(".*"))


def queue(function: str, **kwargs: Any) -> str:
    return enqueue(f"{WORK}:{function}", kwargs, title="A test", topic="imports/imp_1", who="usr_1")


def test_jobs_run_and_a_horse_that_is_killed_is_retried_then_given_up(worker: Worker, redis_client: Any) -> None:
    fine, deadly = queue("count", upto=10), queue("eat_memory")
    assert ended(fine).result == {"counted": 10}
    job = ended(deadly)
    assert (job.state, job.tries) == (JobState.FAILED, 3)
    assert "memory" in job.error
    assert worker.alive()


def test_a_killed_consumer_is_replaced_and_its_job_runs_again(worker: Worker, redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    horse = psutil.Process(running(job_id, redis_client, "w"))
    consumer = horse.parent()
    assert consumer is not None
    consumer.kill()
    running(job_id, redis_client, "w", times=2)
    assert not psutil.pid_exists(horse.pid) or horse.status() == psutil.STATUS_ZOMBIE, "the horse outlived its consumer"
    redis_client.set("test:w:go", 1)
    job = ended(job_id)
    assert (job.state, job.tries, job.result) == (JobState.FINISHED, 2, {"begun": 2})


def test_a_killed_worker_loses_no_job(redis_client: Any, tmp_path: Path) -> None:
    with Worker.running(tmp_path) as first:
        interrupted, waiting = queue("wait", name="w"), queue("count", upto=3)
        running(interrupted, redis_client, "w")
        for process in [*psutil.Process(first.process.pid).children(recursive=True), psutil.Process(first.process.pid)]:
            process.kill()
        first.process.wait(10)
    redis_client.set("test:w:go", 1)
    with Worker.running(tmp_path):
        assert ended(interrupted).result == {"begun": 2}
        assert ended(waiting).result == {"counted": 3}


def test_sigterm_lets_the_current_job_finish(worker: Worker, redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    running(job_id, redis_client, "w")
    worker.signal(signal.SIGTERM)
    wait_until(lambda: "current jobs may finish" in worker.output)
    redis_client.set("test:w:go", 1)
    assert ended(job_id).state is JobState.FINISHED
    assert worker.process.wait(20) == 0


def test_a_job_that_does_not_finish_in_time_goes_back_at_no_cost(redis_client: Any, tmp_path: Path) -> None:
    with Worker.running(tmp_path, TRADEAI_WORKER_GRACE_SECONDS="1") as first:
        job_id = queue("wait", name="w")
        pid = running(job_id, redis_client, "w")
        assert first.stop() == 0
    assert not psutil.pid_exists(pid)
    job = read(job_id)
    assert job.state is JobState.QUEUED
    assert redis_client.hget(jobs.key(job_id), "spared") == "1"
    redis_client.set("test:w:go", 1)
    with Worker.running(tmp_path):
        assert ended(job_id).state is JobState.FINISHED


def test_a_running_job_is_cancelled_from_outside(worker: Worker, redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    running(job_id, redis_client, "w")
    cancel(job_id)
    assert ended(job_id).state is JobState.CANCELLED


def test_a_job_outlives_a_redis_that_drops_every_connection(worker: Worker, redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    running(job_id, redis_client, "w")
    for _ in range(3):
        redis_client.client_kill_filter(_type="normal", skipme=True)
    redis_client.set("test:w:go", 1)
    job = ended(job_id)
    assert job.state is JobState.FINISHED
    assert ended(queue("count", upto=2)).state is JobState.FINISHED


def test_the_health_answer_stays_while_a_job_runs(worker: Worker, redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    running(job_id, redis_client, "w")
    assert worker.alive()
    redis_client.set("test:w:go", 1)
    ended(job_id)
