"""SQLite files on the supervisor's volume: opened with a check; a damaged one is kept aside and a fresh one begun."""

import contextlib
import sqlite3
from datetime import datetime
from pathlib import Path

from app.core.logging import get_logger

log = get_logger(__name__)


def open_database(path: Path, schema: str) -> tuple[sqlite3.Connection, Path | None]:
    """The database at `path` with `schema` (idempotent statements), and where a damaged one was put, if there was one.

    Raises OSError or sqlite3.OperationalError when the place cannot be written. Keys lie in it, so nobody else may read it.
    """
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)  # one from before; its journal beside it takes the mode over
        return connect(path, schema), None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        aside = keep_aside(path, error)
        path.touch(mode=0o600)
        return connect(path, schema), aside


def keep_aside(path: Path, error: Exception) -> Path:
    """Give a damaged file another name, for people to look into; returns where it is now. Raises OSError."""
    aside = path.with_suffix(f".damaged-{datetime.now().astimezone():%Y%m%dT%H%M%S}")
    log.error("a file of the supervisor is damaged; it is kept aside and a fresh one begun", error=str(error), kept=str(aside))
    path.rename(aside)
    for extra in (f"{path}-wal", f"{path}-shm"):
        Path(extra).unlink(missing_ok=True)
    return aside


def is_damage(error: Exception) -> bool:
    """Whether `error` says that the file itself is spoilt, rather than that it cannot be read or written now."""
    return type(error) is sqlite3.DatabaseError


def load_into_memory(path: Path, schema: str) -> sqlite3.Connection:
    """A connection to memory that holds what the file at `path` can still be read of; empty when that is nothing."""
    memory = connect(":memory:", schema)
    for way in ("mode=ro", "immutable=1"):  # the second needs nothing beside the file, and does not see its newest rows
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_only_reading(path, way)) as file:
            file.backup(memory)
            memory.executescript(schema)
            return memory
    return memory


def _only_reading(path: Path, way: str) -> sqlite3.Connection:
    file = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True)
    (verdict,) = file.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        file.close()
        raise sqlite3.DatabaseError(verdict)
    return file


def connect(path: Path | str, schema: str) -> sqlite3.Connection:
    """An open, checked connection. Raises sqlite3.DatabaseError when the file is damaged."""
    db = sqlite3.connect(path, check_same_thread=False, timeout=5)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        (verdict,) = db.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        db.executescript(schema)
    except sqlite3.Error:
        db.close()
        raise
    return db
