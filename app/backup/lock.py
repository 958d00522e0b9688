"""One at a time: schedule, cron and people all take this lock before they write."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.backup.errors import OtherAtWork
from app.core.clock import Clock
from app.core.i18n import _


@contextmanager
def only_one(path: Path, what: str, clock: Clock) -> Iterator[None]:
    """Hold the lock at `path` for the block. Raises OtherAtWork naming who holds it; the kernel frees it when a holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OtherAtWork(_refusal(path)) from error
        file.seek(0)
        file.truncate()
        json.dump({"what": what, "since": clock.now().isoformat()}, file)
        file.flush()
        yield
        file.truncate(0)


def _refusal(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return _(
            "“{what}” has been at work since {since} UTC. Nothing was begun; try again when it is done.",
            what=holder["what"],
            since=holder["since"][:16].replace("T", " "),
        )
    except (OSError, ValueError, KeyError):
        return _("It is at work at this moment. Nothing was begun; try again when it is done.")
