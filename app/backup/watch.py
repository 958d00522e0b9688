"""The container's own process: waits for orders, carries out one after the other, each in a process of its own.

It imports little and stays small; what a task needs is loaded by the task's process and given back with its end.
"""

import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from app.backup.orders import Order, done, next_order
from app.backup.records import Record, find_record, keep_record
from app.backup.shelf import Shelf, read_json
from app.core.i18n import _

_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 10.0
_ALIVE = Path("/tmp/alive")  # noqa: S108 - the container's own memory; its health check looks at the age


def watch(shelf: Shelf, stopping: threading.Event) -> None:
    """Until told to stop. A restore that was killed before it had switched whole is undone first."""
    journal = read_json(shelf.work / "restore.json")
    if journal is not None and journal.get("step") != "done":
        _run(["undo", "--who", "backup"], stopping)
    while not stopping.is_set():
        _ALIVE.touch()
        order = next_order(shelf)
        if order is None:
            stopping.wait(_LOOK_SECONDS)
        else:
            carry_out(shelf, order, stopping)


def carry_out(shelf: Shelf, order: Order, stopping: threading.Event) -> None:
    """One order; a task that dies without a record gets one."""
    began_at = datetime.now(UTC)
    if find_record(shelf, order.id) is None:
        code = _run([order.kind, *order.arguments, "--who", order.who, "--id", order.id], stopping)
        if find_record(shelf, order.id) is None:
            text = _(
                "It broke or was killed ({code}); see docker compose logs backup. Nothing that looks like a backup was left.",
                code=code,
            )
            about = order.arguments[0] if order.arguments else ""
            with suppress(OSError):  # a full disk: the order is taken away all the same, or it would be carried out for ever
                keep_record(shelf, Record(order.id, order.kind, order.who, began_at, datetime.now(UTC), False, text, about))
    done(shelf, order)


def _run(arguments: list[str], stopping: threading.Event) -> int:
    process = subprocess.Popen([sys.executable, "-m", "app.backup", *arguments])
    while process.poll() is None:
        _ALIVE.touch()
        if stopping.wait(0.5):
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
    return process.wait()
