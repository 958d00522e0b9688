"""Bringing back jobs whose worker died, whose queue entry vanished, or whose next attempt was put off."""

import time
from collections.abc import Callable

from app.core.errors import NotFound
from app.core.jobs import KEPT_SECONDS, OPEN, QUEUE, Job, JobState, end, key, move, push, read, tell
from app.core.logging import get_logger
from app.core.redis import client
from app.worker import rules
from app.worker.rules import Step

LEASE_SECONDS = 30
QUEUE_KEY = f"rq:queue:{QUEUE}"

log = get_logger(__name__)


def lease_key(worker: str) -> str:
    """The key that a living worker keeps alive."""
    return f"worker:lease:{worker}"


class Recovery:
    """Looks at every open job; remembers since when a running one has been without a living worker."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._unheld_since: dict[tuple[str, int], float] = {}

    def look(self) -> int:
        """Bring back what needs it; returns how many jobs were moved."""
        moved, seen = 0, set()
        for job_id in client().smembers(OPEN):
            try:
                job = read(job_id)
            except NotFound:
                client().srem(OPEN, job_id)
                continue
            seen.add((job.id, job.tries))
            moved += self._treat(job)
        self._unheld_since = {which: since for which, since in self._unheld_since.items() if which in seen}
        return moved

    def _treat(self, job: Job) -> bool:
        moment = self._clock()
        in_queue = bool(job.entry) and client().lpos(QUEUE_KEY, job.entry) is not None
        step = rules.next_step(job, moment=moment, in_queue=in_queue, unheld_seconds=self._unheld(job, moment))
        if step is Step.PUSH:
            push(job.id, job.tries, job.timeout)
        elif step is Step.GIVE_BACK:
            give_back(job, "its worker disappeared")
        elif step is Step.FORGET:
            client().expire(key(job.id), KEPT_SECONDS)
            client().srem(OPEN, job.id)
        return step in {Step.PUSH, Step.GIVE_BACK}

    def _unheld(self, job: Job, moment: float) -> float:
        """Seconds without a lease. Two looks are needed, so that a lease that ran out while Redis was away can return."""
        which = (job.id, job.tries)
        if job.state is not JobState.RUNNING or client().exists(lease_key(job.worker)):
            self._unheld_since.pop(which, None)
            return 0.0
        return moment - self._unheld_since.setdefault(which, moment)


def give_back(job: Job, why: str, *, spare: bool = False, after: float = 0.0) -> None:
    """End a running attempt that did not end by itself: queue another one `after` seconds, or fail the job for good.

    `spare`: the attempt was ended by an orderly stop, or its turn had not come, and does not count.
    """
    spared = int(client().hget(key(job.id), "spared") or 0) + (1 if spare else 0)
    if not rules.may_retry(job.tries, spared):
        log.error("job given up", job_id=job.id, path=job.path, tries=job.tries, why=why)
        end(job, JobState.FAILED, expected=JobState.RUNNING, error=_given_up(job, why))
        return
    waiting = {"state": JobState.QUEUED.value, "entry": "", "queued_at": time.time() + after, "spared": spared, "worker": ""}
    if move(job.id, JobState.RUNNING, job.tries, waiting):
        write = log.info if spare else log.warning
        write("job goes back to the queue", job_id=job.id, path=job.path, tries=job.tries, why=why, after_seconds=after)
        if not after:
            push(job.id, job.tries, job.timeout)
        tell(job.id, "job.retried")


def give_back_all_of(worker: str, why: str, *, spare: bool = False) -> int:
    """Give back every running job recorded under `worker`, which is known not to run any more."""
    count = 0
    for job_id in client().smembers(OPEN):
        job = read(job_id)
        if job.state is JobState.RUNNING and job.worker == worker:
            give_back(job, why, spare=spare)
            count += 1
    return count


def _given_up(job: Job, why: str) -> str:
    return (
        f"This was tried {job.tries} times and interrupted each time ({why}). Nothing will try it again by itself. "
        "If it is a very large file, split it; otherwise look at worker.log on the appliance."
    )
