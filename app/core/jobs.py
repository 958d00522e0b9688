"""Jobs: long work with a record that people can watch; the worker runs it, retries what was interrupted, keeps it a week.

The record is a Redis hash beside the queue, so record and queue entry appear together or not at all, and both survive a
restart of Redis (append-only file). A job's function is named by path, gets `(progress: Progress, **kwargs)`, and must be
idempotent: a worker that dies in the middle leaves the job to be run again, at most MAX_TRIES times.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from redis.exceptions import RedisError

from app.core.clock import iso, now
from app.core.errors import Invalid, NotFound, Unavailable
from app.core.events import emit
from app.core.ids import new_id
from app.core.logging import get_logger
from app.core.redis import client

QUEUE = "default"
OPEN = "jobs:open"
RUNNER = "app.worker.run.run_job"
KEPT_SECONDS = 7 * 24 * 3600
ENDED_KEPT = 20
MAX_TRIES = 3
REPORTS_PER_SECOND = 5
TIMEOUT_SECONDS = 3600
_PATH = re.compile(r"^app(\.\w+)+:\w+$")

log = get_logger(__name__)


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing will happen to the job any more."""
        return self in {JobState.FINISHED, JobState.FAILED, JobState.CANCELLED}


class JobCancelled(Exception):
    """Raised by `Progress.stop_if_cancelled()`; the runner records the job as cancelled."""


class JobPutOff(Exception):
    """Raised by a job whose turn has not come: it goes back to the queue for `seconds`, and the attempt does not count.

    Waiting inside the job instead would hold one of the few places where jobs run.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True)
class Job:
    """The record of one job. `done` of `total` counts what the function counts (rows, files); 0 of 0 is unknown."""

    id: str
    title: str
    path: str
    kwargs: dict[str, Any]
    topic: str
    who: str
    state: JobState
    tries: int
    created_at: str
    done: int = 0
    total: int = 0
    message: str = ""
    error: str = ""
    result: Any = None
    started_at: str = ""
    finished_at: str = ""
    worker: str = ""
    entry: str = ""
    queued_at: float = 0
    request_id: str = ""
    timeout: int = TIMEOUT_SECONDS

    def facts(self) -> dict[str, Any]:
        """What events and the API tell about the job."""
        return {
            "job_id": self.id,
            "title": self.title,
            "state": self.state.value,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "error": self.error,
        }


def key(job_id: str) -> str:
    """Where the record of `job_id` is kept."""
    return f"job:{job_id}"


def ended_key(who: str) -> str:
    """Where the ids of the jobs of `who` that ended are kept, newest first."""
    return f"jobs:ended:{who}"


def person_topic(who: str) -> str:
    """The topic that only `who` may hear: what became of their own jobs."""
    return f"people/{who}"


def enqueue(path: str, kwargs: dict[str, Any], *, title: str, topic: str, who: str, timeout: int = TIMEOUT_SECONDS) -> str:
    """Queue `path` ("app.trade.imports.work:land") to be called with a Progress and `kwargs` (JSON values); returns the job id.

    `topic` gets the job's events besides `jobs/<id>`; `who` is a user id; `timeout` in seconds. Raises Unavailable when the
    queue does not answer; then nothing was started.
    """
    if not _PATH.match(path):
        raise ValueError(f"{path!r} is not a job path like app.package.module:function")
    job_id = new_id("job")
    record = {
        "title": title,
        "path": path,
        "kwargs": json.dumps(kwargs),
        "topic": topic,
        "who": who,
        "state": JobState.QUEUED.value,
        "tries": 0,
        "timeout": timeout,
        "created_at": iso(now()),
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    try:
        push(job_id, 0, timeout, record)
    except RedisError as error:
        raise Unavailable("The job queue does not answer right now, so nothing was started. Try again in a minute.") from error
    log.info("job queued", job_id=job_id, path=path, title=title)
    return job_id


def push(job_id: str, tries: int, timeout: int, record: dict[str, Any] | None = None) -> None:
    """Queue the attempt that follows `tries` earlier ones; `record` is written with it in one transaction."""
    from rq import Queue  # late: whoever only reads records does not pay for the queue
    from rq.serializers import JSONSerializer

    connection = client(decode=False)
    entry = f"{job_id}-{tries}-{time.time_ns()}"
    pipe = connection.pipeline(transaction=True)
    Queue(QUEUE, connection=connection, serializer=JSONSerializer).enqueue_call(
        RUNNER,
        args=(job_id, tries),
        job_id=entry,
        timeout=timeout,
        result_ttl=0,
        failure_ttl=3600,
        description=job_id,
        pipeline=pipe,
    )
    pipe.hset(key(job_id), mapping={**(record or {}), "entry": entry, "queued_at": time.time()})
    pipe.sadd(OPEN, job_id)
    pipe.execute()


def read(job_id: str) -> Job:
    """The record of `job_id`; raises NotFound when there is none (any more)."""
    fields = client().hgetall(key(job_id))
    if "state" not in fields:
        raise NotFound(f"Job {job_id} is not known. Jobs are kept for seven days after they end.")
    return _job(job_id, fields)


def ended_of(who: str) -> list[Job]:
    """The jobs of a person that ended within KEPT_SECONDS, newest first, ENDED_KEPT at most; empty for the machine's own."""
    ids = client().lrange(ended_key(who), 0, -1)
    pipe = client().pipeline(transaction=False)
    for job_id in ids:
        pipe.hgetall(key(job_id))
    found = zip(ids, pipe.execute(), strict=True)
    return [_job(job_id, fields) for job_id, fields in found if "state" in fields]


def _job(job_id: str, fields: dict[str, str]) -> Job:
    return Job(
        id=job_id,
        title=fields["title"],
        path=fields["path"],
        kwargs=json.loads(fields["kwargs"]),
        topic=fields["topic"],
        who=fields["who"],
        state=JobState(fields["state"]),
        tries=int(fields["tries"]),
        created_at=fields["created_at"],
        done=int(fields.get("done", 0)),
        total=int(fields.get("total", 0)),
        message=fields.get("message", ""),
        error=fields.get("error", ""),
        result=json.loads(fields["result"]) if fields.get("result") else None,
        started_at=fields.get("started_at", ""),
        finished_at=fields.get("finished_at", ""),
        worker=fields.get("worker", ""),
        entry=fields.get("entry", ""),
        queued_at=float(fields.get("queued_at", 0)),
        request_id=fields.get("request_id", ""),
        timeout=int(fields.get("timeout", TIMEOUT_SECONDS)),
    )


def cancel(job_id: str) -> Job:
    """Stop a waiting job now, ask a running one to stop; raises NotFound, or Invalid when it already ended."""
    job = read(job_id)
    if job.state.final:
        raise Invalid(f"The job already ended ({job.state.value}); there is nothing to cancel.")
    client().hset(key(job_id), "cancel", 1)
    if job.state is JobState.QUEUED:
        end(job, JobState.CANCELLED, expected=JobState.QUEUED)
    return read(job_id)


_MOVE = """
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'tries') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
return 1
"""


def move(job_id: str, expected: JobState, tries: int, changes: dict[str, Any]) -> bool:
    """Write `changes` if the job still is in `expected` on attempt `tries`; False when somebody else moved it meanwhile."""
    pairs = [part for pair in changes.items() for part in pair]
    return bool(client().eval(_MOVE, 1, key(job_id), expected.value, tries, *pairs))


def end(job: Job, state: JobState, *, expected: JobState, error: str = "", result: Any = None) -> bool:
    """Record the final `state` of this attempt, tell the watchers; False when the attempt is no longer the current one."""
    written = {"state": state.value, "error": error, "result": json.dumps(result, default=str), "finished_at": iso(now())}
    if not move(job.id, expected, job.tries, written):
        return False
    pipe = client().pipeline(transaction=True)
    pipe.srem(OPEN, job.id)
    pipe.expire(key(job.id), KEPT_SECONDS)
    if _of_a_person(job.who):
        pipe.lpush(ended_key(job.who), job.id)
        pipe.ltrim(ended_key(job.who), 0, ENDED_KEPT - 1)
        pipe.expire(ended_key(job.who), KEPT_SECONDS)
    pipe.execute()
    tell(job.id, f"job.{state.value}")
    return True


def _of_a_person(who: str) -> bool:
    return bool(who) and not who.startswith("system:")


def tell(job_id: str, kind: str) -> None:
    """Emit an event with the job's current facts to those who watch the job or its subject, and at its end to its person."""
    job = read(job_id)
    own = person_topic(job.who) if job.state.final and _of_a_person(job.who) else ""
    for topic in {f"jobs/{job.id}", job.topic, own} - {""}:
        emit(topic, kind, job.facts(), actor=job.who)


class Progress:
    """What a job's function reports to. `Progress.unwatched()` reports to nobody, for commands and tests."""

    def __init__(self, job: Job | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.job = job
        self._monotonic = monotonic
        self._reported = self._looked = float("-inf")
        self._last: tuple[int, int, str] | None = None
        self._cancelled = False

    @classmethod
    def unwatched(cls) -> "Progress":
        """A progress without a job."""
        return cls(None)

    def report(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` so far; call as often as you like, watchers hear it at most REPORTS_PER_SECOND times a second."""
        moment = self._monotonic()
        complete = 0 < total <= done and self._last != (done, total, message)
        if self.job is None or (moment - self._reported < 1 / REPORTS_PER_SECOND and not complete):
            return
        self._reported, self._last = moment, (done, total, message)
        try:
            changes = {"done": int(done), "total": int(total), "message": message}
            if move(self.job.id, JobState.RUNNING, self.job.tries, changes):
                tell(self.job.id, "job.progress")
        except RedisError as error:
            log.warning("progress not reported, the job goes on", job_id=self.job.id, error=str(error))

    @property
    def cancelled(self) -> bool:
        """Whether to stop: somebody cancelled the job, or another attempt took over. Asks Redis at most twice a second."""
        moment = self._monotonic()
        if self.job is None or self._cancelled or moment - self._looked < 0.5:
            return self._cancelled
        self._looked = moment
        try:
            asked, tries = client().hmget(key(self.job.id), "cancel", "tries")
        except RedisError:
            return False
        self._cancelled = asked == "1" or tries != str(self.job.tries)
        return self._cancelled

    def stop_if_cancelled(self) -> None:
        """Raise JobCancelled when the job should stop."""
        if self.cancelled:
            raise JobCancelled
