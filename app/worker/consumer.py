"""One queue consumer: RQ's forking worker, taught to keep its lease, to outlive Redis, and to take its horse along when it dies.

It runs single-threaded in a process of its own, so forking a work horse for each job is safe, and whatever a job leaves in
memory goes with the horse.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq import Worker
from rq.serializers import JSONSerializer

from app.core.jobs import QUEUE, JobState, read
from app.core.logging import get_logger
from app.core.redis import connect
from app.core.settings import settings
from app.worker.recovery import LEASE_SECONDS, give_back, give_back_all_of, lease_key
from app.worker.run import name_this_worker

_PR_SET_PDEATHSIG = 1
_AWAY = (RedisConnectionError, RedisTimeoutError)

log = get_logger(__name__)


class Consumer(Worker):
    """RQ's worker with our lease. `lease` names it across restarts; `beat` is called whenever it shows that it lives."""

    max_connection_wait_time = 5.0

    def __init__(self, lease: str, beat: Callable[[], None], connection: Any) -> None:
        super().__init__(
            [QUEUE],
            name=f"{lease}-{os.getpid()}-{time.time_ns()}",
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=25,
            job_monitoring_interval=5,
            work_horse_killed_handler=_horse_killed,
        )
        self.lease = lease
        self._beat = beat

    def subscribe(self) -> None:
        """No command channel: it would need a thread, and forking with threads is not safe."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Renew the lease with RQ's own heartbeat. While a horse runs, a Redis that is away must not end this process."""
        self._beat()
        try:
            self.connection.set(lease_key(self.lease), os.getpid(), ex=LEASE_SECONDS)
            super().heartbeat(timeout, pipeline)
        except _AWAY:
            if not self.horse_pid:
                raise
            log.warning("Redis does not answer, the current job goes on", worker=self.lease)

    def maintain_heartbeats(self, job: Any, execution: Any) -> None:
        """As RQ does, but outliving a Redis restart."""
        self.heartbeat()
        try:
            super().maintain_heartbeats(job, execution)
        except _AWAY:
            log.warning("Redis does not answer, the current job goes on", worker=self.lease)

    def main_work_horse(self, job: Any, queue: Any) -> None:
        """In the horse: die with the consumer, so that a job never runs without a lease."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.pid:
            os._exit(1)  # the consumer died before the line above
        super().main_work_horse(job, queue)


def consume(lease: str, beat: Callable[[], None]) -> None:
    """Run a consumer until it is told to stop; the process ends with it."""
    name_this_worker(lease)
    try:
        interrupted = give_back_all_of(lease, "its worker died")
        if interrupted:
            log.warning("jobs of this worker's last life were given back", worker=lease, jobs=interrupted)
        consumer = Consumer(lease, beat, connect(settings(), decode=False))
        consumer.work(logging_level="WARNING")
        consumer.connection.delete(lease_key(lease))
    except _AWAY as error:
        log.warning("Redis does not answer, the consumer starts again shortly", worker=lease, error=str(error))
        sys.exit(1)


def _horse_killed(job: Any, _pid: int, status: int, _usage: Any) -> None:
    """The horse ended without ending the job: killed for memory, or by hand."""
    record = read(job.description)
    if record.state is JobState.RUNNING:
        number = os.WTERMSIG(status) if status and os.WIFSIGNALED(status) else 0
        why = "it was killed, probably for using too much memory" if number == signal.SIGKILL else f"it died of signal {number}"
        give_back(record, why)
