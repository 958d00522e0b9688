"""Running one attempt of a job: call its function, record how it ended."""

import importlib
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog
from pymongo.errors import ConnectionFailure
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq.timeouts import JobTimeoutException

from app.core.clock import iso, now
from app.core.errors import NotFound, TradeError, Unavailable
from app.core.jobs import OPEN, Job, JobCancelled, JobPutOff, JobState, Progress, end, move, read, tell
from app.core.logging import get_logger
from app.core.redis import client
from app.worker import rules
from app.worker.recovery import give_back

AWAY = (ConnectionFailure, RedisConnectionError, RedisTimeoutError, Unavailable)
_RECORD_SECONDS = 120.0

log = get_logger(__name__)
_worker_name = socket.gethostname()


def name_this_worker(name: str) -> None:
    """Under which name this process takes jobs; its lease and its running jobs carry it."""
    global _worker_name
    _worker_name = name


def run_job(job_id: str, tries: int) -> None:
    """Run the attempt that follows `tries` earlier ones, unless another worker has it or somebody cancelled it."""
    try:
        job = read(job_id)
    except NotFound:
        return
    if job.state is not JobState.QUEUED or job.tries != tries:
        return
    started = {"state": JobState.RUNNING.value, "tries": tries + 1, "worker": _worker_name, "started_at": iso(now()), "error": ""}
    if not move(job_id, JobState.QUEUED, tries, started):
        return
    job = read(job_id)
    structlog.contextvars.bind_contextvars(job_id=job_id, request_id=job.request_id or job_id)
    tell(job_id, "job.started")
    ending = attempt(job)
    _persist(ending)
    structlog.contextvars.clear_contextvars()


def attempt(job: Job) -> Callable[[], Any]:
    """Call the job's function; returns what records its end, to be called until Redis has taken it."""
    beginning = time.monotonic()
    try:
        progress = Progress(job)
        progress.stop_if_cancelled()
        result = function_of(job.path)(progress, **job.kwargs)
    except JobCancelled:
        log.info("job cancelled", path=job.path)
        return lambda: end(job, JobState.CANCELLED, expected=JobState.RUNNING)
    except JobPutOff as wish:
        why, after = str(wish), wish.seconds
        return lambda: give_back(job, why, spare=True, after=after)
    except AWAY as error:
        return _interrupted(job, error)
    except TradeError as error:
        detail = error.detail
        log.info("job refused", path=job.path, error=detail)
        return lambda: end(job, JobState.FAILED, expected=JobState.RUNNING, error=detail)
    except JobTimeoutException:
        log.error("job took too long", path=job.path, timeout_seconds=job.timeout)
        return lambda: end(job, JobState.FAILED, expected=JobState.RUNNING, error=_too_long(job))
    except Exception as error:  # the edge of the loop: whatever a job raises ends that job, never the worker
        if _is_transport_error(error):
            return _interrupted(job, error)
        log.exception("job failed", path=job.path, error=str(error))
        return lambda: end(job, JobState.FAILED, expected=JobState.RUNNING, error=_unexpected(job))
    log.info("job finished", path=job.path, seconds=round(time.monotonic() - beginning, 2), tries=job.tries)
    return lambda: end(job, JobState.FINISHED, expected=JobState.RUNNING, result=result)


def function_of(path: str) -> Callable[..., Any]:
    """The function named `app.package.module:function`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def run_pending(limit: int = 100) -> int:
    """Run queued jobs in this process until none is left; returns how many. For tests and for commands without a worker."""
    count = 0
    while count < limit:
        waiting = [job for job in (read(job_id) for job_id in client().smembers(OPEN)) if job.state is JobState.QUEUED]
        if not waiting:
            return count
        for job in sorted(waiting, key=lambda waiting_job: waiting_job.id):
            run_job(job.id, job.tries)
            count += 1
    return count


def _interrupted(job: Job, error: Exception) -> Callable[[], Any]:
    log.warning("job interrupted, something it needs does not answer", path=job.path, error=str(error))
    why = f"something it needs did not answer: {error}"[:300]
    return lambda: give_back(job, why, after=rules.retry_after(job.tries))


def _is_transport_error(error: Exception) -> bool:
    """A failed call to another service. The HTTP client is 10 MB of memory, so it is looked at only where a job loaded it."""
    httpx = sys.modules.get("httpx")
    return httpx is not None and isinstance(error, httpx.TransportError)


def _persist(ending: Callable[[], Any], wait: Callable[[float], None] = time.sleep) -> None:
    """Record the end even when Redis is restarting; after that the lease runs out and recovery gives the job back."""
    deadline = time.monotonic() + _RECORD_SECONDS
    while True:
        try:
            ending()
        except RedisError as error:
            if time.monotonic() >= deadline:
                log.error("the job's end could not be recorded", error=str(error))
                return
            wait(1.0)
        else:
            return


def _too_long(job: Job) -> str:
    return f"This took longer than {job.timeout // 60} minutes and was stopped. Do it in smaller parts."


def _unexpected(job: Job) -> str:
    return f"Nothing you did. The error is recorded in worker.log under {job.id}; tell it to your operator."
