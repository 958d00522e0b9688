"""Job functions that tests queue; they leave their marks in Redis."""

import os
import time
from typing import Any

from pymongo.errors import AutoReconnect

from app.core.errors import Conflict
from app.core.jobs import JobPutOff, Progress
from app.core.redis import client


def count(progress: Progress, upto: int, name: str = "count") -> dict[str, Any]:
    """Count to `upto`, reporting each step."""
    for number in range(1, upto + 1):
        progress.report(number, upto, f"{number} of {upto}")
    client().incr(f"test:{name}")
    return {"counted": upto}


def wait(progress: Progress, name: str, seconds: float = 60.0) -> dict[str, Any]:
    """Leave the process id, then wait until the test says go, or until cancelled; how often it was begun is counted."""
    client().set(f"test:{name}:pid", os.getpid())
    begun = client().incr(f"test:{name}:begun")  # last: whoever sees it reads the process id
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        progress.report(1, 2, "waiting")
        progress.stop_if_cancelled()
        if client().get(f"test:{name}:go"):
            return {"begun": begun}
        time.sleep(0.02)
    raise RuntimeError("nobody said go")


def wait_for_turn(progress: Progress, name: str, times: int) -> str:
    """Its turn comes after it was put off `times` times."""
    if int(client().incr(f"test:{name}")) <= times:
        progress.report(0, 0, "Waiting for another")
        raise JobPutOff("another is under way", 10)
    return "done"


def refuse(_progress: Progress) -> None:
    """A refusal in words for people."""
    raise Conflict("The import is already landed. Take it back first.")


def break_down(_progress: Progress) -> None:
    """A bug."""
    raise ZeroDivisionError("secret detail")


def storage_away(_progress: Progress, name: str, times: int) -> str:
    """The database does not answer the first `times` times."""
    if int(client().incr(f"test:{name}")) <= times:
        raise AutoReconnect("mongodb:27017: connection refused")
    return "landed"


def eat_memory(_progress: Progress) -> None:
    """Die as the kernel's memory killer would have it."""
    os.kill(os.getpid(), 9)
