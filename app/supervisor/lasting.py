"""A SQLite file that the supervisor can do without: in memory while its volume takes nothing, begun anew when it is damaged."""

import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from app.core.logging import get_logger
from app.supervisor.sqlite import connect, is_damage, keep_aside, load_into_memory, open_database

Step = tuple[str, Iterable[tuple[object, ...]]]
Value = TypeVar("Value")

log = get_logger(__name__)


class LastingFile:
    """The open file. `trouble` says why nothing lasts, "" while it does; `kept_aside` where a damaged file was put.

    No method raises for what is wrong with the file: reading finds nothing, writing returns False, and both are logged.
    Pages, loop and senders share it.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path, self._schema = path, schema
        self._lock = threading.RLock()
        self.trouble, self.in_memory = "", False
        self.kept_aside: Path | None = None
        self._db = self._open()

    def define(self, schema: str) -> None:
        """Add another room's tables (`CREATE TABLE IF NOT EXISTS ...`) to this file."""
        self._schema += schema
        self._with_file(lambda db: db.executescript(schema))

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT; [] when the file cannot be read."""
        return self._with_file(lambda db: db.execute(statement, values).fetchall()) or []

    def write(self, *steps: Step) -> bool:
        """All steps, each a statement with its rows, in one transaction; False when they could not be stored.

        True in memory as well: `trouble` says then that it will not last.
        """
        listed = [(statement, list(rows)) for statement, rows in steps]  # a damaged file makes us write them twice
        if self._with_file(lambda db: _write(db, listed)) is None:
            return False
        if not self.in_memory:
            self.trouble = ""
        return True

    def return_to_file(self) -> bool:
        """Leave memory for the file, with everything that was remembered meanwhile; False while the volume takes nothing."""
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file, aside = open_database(self._path, self._schema)
            except (OSError, sqlite3.Error) as error:
                self._fail(error)
                return False
            try:
                self._db.backup(file)
            except sqlite3.Error as error:
                file.close()
                self._fail(error)
                return False
            self._db.close()
            self._db, self.in_memory, self.trouble = file, False, ""
            self.kept_aside = aside or self.kept_aside
        log.info("the supervisor's state is stored again", file=str(self._path))
        return True

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _begun_anew(self) -> None:
        """A damaged file was replaced by an empty one."""

    def _open(self) -> sqlite3.Connection:
        """The file; memory with what the file can be read of when it cannot be opened for writing."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db, aside = open_database(self._path, self._schema)
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
            self.in_memory = True
            return load_into_memory(self._path, self._schema)
        self.kept_aside = aside or self.kept_aside
        return db

    def _with_file(self, work: Callable[[sqlite3.Connection], Value]) -> Value | None:
        """What `work` gives, on a fresh file when this one turns out damaged; None, and a word in `trouble`, when it fails."""
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.Error as error:
                self._fail(error)
                if self.in_memory or not is_damage(error):
                    return None
                self._begin_anew(error)
            try:
                return work(self._db)
            except sqlite3.Error as error:
                self._fail(error)
                return None

    def _begin_anew(self, damage: Exception) -> None:
        """Keep the damaged file aside and go on with an empty one, in memory when there can be none."""
        self._db.close()
        try:
            self.kept_aside = keep_aside(self._path, damage)
            self._db = connect(self._path, self._schema)
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
            self._db, self.in_memory = connect(":memory:", self._schema), True
        self._begun_anew()

    def _fail(self, error: Exception) -> None:
        if not self.trouble:
            log.error("the supervisor's state cannot be stored; it goes on without memory", error=str(error))
        self.trouble = str(error) or type(error).__name__


def _write(db: sqlite3.Connection, steps: Iterable[tuple[str, list[tuple[object, ...]]]]) -> bool:
    with db:
        for statement, rows in steps:
            db.executemany(statement, rows)
    return True
