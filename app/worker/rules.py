"""What to do about a job that has not ended: pure decisions, so that every crash can be played through in a test."""

from enum import Enum

from app.core.jobs import MAX_TRIES, Job, JobState

MISSING_ENTRY_SECONDS = 30.0
LOST_LEASE_SECONDS = 10.0
RETRY_SECONDS = (15.0, 60.0)


class Step(Enum):
    """What recovery does with one job."""

    WAIT = "wait"
    PUSH = "push"
    GIVE_BACK = "give back"
    FORGET = "forget"


def next_step(job: Job, *, moment: float, in_queue: bool, unheld_seconds: float) -> Step:
    """The step for `job` at `moment` (Unix seconds).

    `in_queue`: its queue entry exists. `unheld_seconds`: how long no living worker has held it (0 when held).
    """
    if job.state.final:
        return Step.FORGET
    if job.state is JobState.QUEUED:
        if in_queue:
            return Step.WAIT
        # An attempt put off has no entry until its time comes; an entry that vanished was taken by a worker that died.
        patience = MISSING_ENTRY_SECONDS if job.entry else 0.0
        return Step.PUSH if moment >= job.queued_at + patience else Step.WAIT
    return Step.GIVE_BACK if unheld_seconds >= LOST_LEASE_SECONDS else Step.WAIT


def may_retry(tries: int, spared: int) -> bool:
    """Whether one more attempt is allowed; attempts ended by our own orderly stop (`spared`) do not count."""
    return tries - spared < MAX_TRIES


def retry_after(tries: int) -> float:
    """Seconds to wait before the attempt after `tries` failed ones, when storage was away."""
    return RETRY_SECONDS[min(max(tries, 1), len(RETRY_SECONDS)) - 1]
