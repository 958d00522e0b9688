"""What the tamper-evident audit trail is owed about backups: a small file an entry, until the backend has taken it.

A restore replaces the trail that would tell of it, a script works while the supervisor is gone, a download while the backend is:
so what was done is written down beside the backups first, and delivered by the supervisor once there is a trail to write to.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from app.backup.records import Record, new_id
from app.backup.shelf import Shelf, read_json, write_json

_FOLDER = "owed"
_TRIED = {"restore-failed", "internal"}  # a restore that was refused before it changed anything is nobody's concern


@dataclass(frozen=True)
class Owed:
    """One entry: who did what to which backup, in a sentence."""

    id: str
    at: datetime
    who: str
    action: str
    backup: str
    text: str


def owe(shelf: Shelf, now: datetime, who: str, action: str, backup: str, text: str) -> None:
    """Write one down. Raises OSError."""
    entry = Owed(new_id(now), now, who[:100], action, backup[:100], text[:1000])
    write_json(shelf.work / _FOLDER / f"{entry.id}.json", asdict(entry) | {"at": entry.at.isoformat()})


def owed(shelf: Shelf) -> list[Owed]:
    """Oldest first; what cannot be read is left out."""
    bodies = (read_json(path) for path in sorted((shelf.work / _FOLDER).glob("*.json")))
    return [Owed(**(body | {"at": datetime.fromisoformat(body["at"])})) for body in bodies if body is not None]


def paid(shelf: Shelf, entry: Owed) -> None:
    """The trail has it."""
    (shelf.work / _FOLDER / f"{entry.id}.json").unlink(missing_ok=True)


def refused(shelf: Shelf, entry: Owed) -> None:
    """The backend will not take it, ever: it is kept, and keeps no other waiting."""
    path = shelf.work / _FOLDER / f"{entry.id}.json"
    path.rename(path.with_suffix(".refused"))


def action_of(record: Record, arguments: Sequence[str]) -> str | None:
    """What a task that is over is called in the trail; None for what changed and showed nothing. Pure."""
    if record.kind == "restore" and "--check" not in arguments:
        if record.ok:
            return "backup.restored"
        return "backup.restore_failed" if record.facts.get("error") in _TRIED else None
    if record.kind == "prune":
        return "backup.pruned" if record.facts.get("deleted") else None
    done = {"settle": "backup.restore_settled", "undo": "backup.restore_undone", "side": "backup.restored_beside"}
    return done.get(record.kind) if record.ok else None
