"""What was done: one small file a task, the newest kept; pages, alerts and the schedule read them."""

import itertools
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from app.backup.errors import OtherAtWork
from app.backup.shelf import Shelf, read_json, write_json

_KEPT_OF_A_KIND = 40
"""So many of each: a cron job every hour must not push out the monthly backup of the system."""
_FOLDER = "records"
_turn = itertools.count()
TOLD = ("configuration", "code", "system", "reread", "update")
"""What scripts on the host do, which alone may read what is packed; the container only hears of it."""


@dataclass(frozen=True)
class Record:
    """One task that is over. `kind` as in tasks.py; `text` says in a sentence what came of it; `about` is the backup's name."""

    id: str
    kind: str
    who: str
    began_at: datetime
    ended_at: datetime
    ok: bool
    text: str
    about: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()

    @property
    def refused(self) -> bool:
        """Whether it was not even begun, because another task held the lock: nothing failed."""
        return self.facts.get("error") == OtherAtWork.kind


def new_id(now: datetime) -> str:
    """Sorts by time; within a second, those of one process in their order."""
    return f"{now:%Y%m%dT%H%M%S}-{next(_turn) % 0x10000:04x}{secrets.token_hex(2)}"


def keep_record(shelf: Shelf, record: Record) -> None:
    """Store it, and forget the oldest of its kind."""
    folder = shelf.work / _FOLDER
    write_json(
        folder / f"{record.id}.json",
        asdict(record) | {"began_at": record.began_at.isoformat(), "ended_at": record.ended_at.isoformat()},
    )
    for old in [one for one in records(shelf) if one.kind == record.kind][_KEPT_OF_A_KIND:]:
        (folder / f"{old.id}.json").unlink(missing_ok=True)


def records(shelf: Shelf) -> list[Record]:
    """Newest first; what cannot be read is left out."""
    found = (find_record(shelf, path.stem) for path in sorted((shelf.work / _FOLDER).glob("*.json"), reverse=True))
    return [record for record in found if record is not None]


def find_record(shelf: Shelf, record_id: str) -> Record | None:
    """None while the task is not over."""
    body = read_json(shelf.work / _FOLDER / f"{record_id}.json")
    if body is None:
        return None
    try:
        began_at, ended_at = (datetime.fromisoformat(body.pop(name)) for name in ("began_at", "ended_at"))
        return Record(**body, began_at=began_at, ended_at=ended_at)
    except (KeyError, TypeError, ValueError):
        return None
