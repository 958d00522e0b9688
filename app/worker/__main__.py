"""`python -m app.worker`: the process tree that runs jobs and schedules."""

import functools
import gc
import logging
import os
import socket
import sys

from redis.exceptions import RedisError

from app.core.logging import configure_logging, get_logger
from app.core.settings import settings
from app.worker.beats import Beats
from app.worker.clock import keep_time
from app.worker.consumer import consume
from app.worker.recovery import give_back_all_of
from app.worker.tree import Tree

log = get_logger(__name__)


def main() -> int:
    """Run until SIGTERM; returns the exit code."""
    config = settings()
    configure_logging(config)
    host = socket.gethostname()
    leases = [f"{host}-{number}" for number in range(1, config.worker_consumers + 1)]
    names = ["clock", *leases]
    beats = Beats(len(names))
    children = {"clock": functools.partial(keep_time, config.worker_port, beats, names, 0)}
    for slot, lease in enumerate(leases, start=1):
        children[lease] = functools.partial(consume, lease, functools.partial(beats.beat, slot))
    for noisy in ("apscheduler", "rq"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    gc.freeze()  # the children share the parent's memory as long as nobody writes to it
    log.info("worker starts", consumers=len(leases), pid=os.getpid())
    return Tree(children, config.worker_grace_seconds, _interrupted).run()


def _interrupted(names: list[str]) -> None:
    """Jobs cut off by our own stop go back to the queue at no cost."""
    for name in names:
        try:
            count = give_back_all_of(name, "the worker was stopped", spare=True)
        except RedisError as error:
            log.warning("interrupted jobs are given back at the next start", worker=name, error=str(error))
        else:
            log.info("interrupted jobs wait in the queue", worker=name, jobs=count)


if __name__ == "__main__":
    sys.exit(main())
