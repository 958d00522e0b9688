"""The worker's clock process: business schedules, recovery of lost jobs, and the health answer."""

import signal
import time
from collections.abc import Callable, Iterable
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from redis.exceptions import RedisError

from app.core.jobs import enqueue
from app.core.logging import get_logger
from app.core.redis import client
from app.worker import livez
from app.worker.beats import Beats
from app.worker.recovery import Recovery
from app.worker.schedules import SCHEDULES, Schedule

RECOVERY_SECONDS = 2

log = get_logger(__name__)


def keep_time(port: int, beats: Beats, names: list[str], slot: int) -> None:
    """Run until SIGTERM."""
    livez.serve(port, beats, names)
    scheduler = build(SCHEDULES, Recovery(), lambda: beats.beat(slot))
    signal.signal(signal.SIGTERM, lambda _number, _frame: scheduler.shutdown(wait=False))
    scheduler.start()


def build(schedules: Iterable[Schedule], recovery: Recovery, beat: Callable[[], None]) -> BlockingScheduler:
    """The scheduler with its jobs, not started."""
    scheduler = BlockingScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 300})
    scheduler.add_job(lambda: _recover(recovery, beat), "interval", seconds=RECOVERY_SECONDS, id="recovery")
    for schedule in schedules:
        scheduler.add_job(queue, CronTrigger.from_crontab(schedule.cron, timezone="UTC"), args=[schedule], id=schedule.id)
    scheduler.add_listener(_log_error, EVENT_JOB_ERROR)
    return scheduler


def queue(schedule: Schedule, moment: Callable[[], float] = time.time) -> str | None:
    """Queue a scheduled job once a minute, however many workers run; returns the job id, None when another was first."""
    once = f"schedule:{schedule.id}:{int(moment() // 60)}"
    if not client().set(once, 1, nx=True, ex=300):
        return None
    return enqueue(schedule.path, schedule.kwargs, title=schedule.title, topic="", who="system:worker")


def _recover(recovery: Recovery, beat: Callable[[], None]) -> None:
    beat()
    try:
        recovery.look()
    except RedisError as error:
        log.warning("open jobs could not be looked at", error=str(error))


def _log_error(event: JobExecutionEvent) -> Any:
    log.error("schedule failed", schedule=event.job_id, error=str(event.exception))
