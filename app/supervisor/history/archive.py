"""The history's SQLite file: bounded, and of no consequence to anything else when it breaks."""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.logging import get_logger
from app.supervisor.history.figures import Key
from app.supervisor.history.frames import MOST_SERIES, RESOLUTIONS, Point, Resolution, most_bytes, pack, points, roll_up, thin
from app.supervisor.history.phases import SCHEMA as PHASES_SCHEMA
from app.supervisor.history.phases import SPANS_BYTES, Step
from app.supervisor.sqlite import open_database

MOST_POINTS = 800  # of a chart: beyond that nobody sees them
_FILE = "history.sqlite3"
_PAGE = 4096
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL, subject TEXT NOT NULL, UNIQUE (name, subject));
CREATE TABLE IF NOT EXISTS frames (id INTEGER PRIMARY KEY, frame BLOB NOT NULL);
"""
_STORE = "INSERT OR REPLACE INTO frames VALUES (?, ?)"
_FORGET = "DELETE FROM frames WHERE id >= ? AND id < ?"

log = get_logger(__name__)


class Archive:
    """Frames of figures. `trouble` says why nothing is being recorded; `kept_aside` where a damaged file was put.

    Every method may be called at any time: with a broken file reading finds nothing and recording returns False.
    """

    def __init__(self, folder: Path, resolutions: Sequence[Resolution] = RESOLUTIONS, most_series: int = MOST_SERIES) -> None:
        self._path, self._resolutions, self._most_series = folder / _FILE, resolutions, most_series
        self._db: sqlite3.Connection | None = None
        self._series: dict[Key, int] = {}
        self._rolled: dict[int, int] = {}
        self._newest = 0
        self.trouble = ""
        self.kept_aside: Path | None = None
        self.left_out = 0  # figures that found no room among the series
        self._open()

    @property
    def most_bytes(self) -> int:
        """What the file takes on disk at most, its journal beside it not counted."""
        return most_bytes(self._resolutions, self._most_series) + SPANS_BYTES

    @property
    def size(self) -> int:
        """What it takes now, its journal included."""
        size = 0
        for path in (self._path, Path(f"{self._path}-wal")):
            with contextlib.suppress(OSError):
                size += path.stat().st_size
        return size

    def record(self, figures: Mapping[Key, float], now: datetime, *also: Step) -> bool:
        """Store one frame with `also` in one transaction, and roll up what is complete; False when it could not be stored."""
        at = int(now.timestamp()) // self._resolutions[0].step * self._resolutions[0].step
        fresh = [key for key in figures if key not in self._series][: max(self._most_series - len(self._series), 0)]
        series = self._series | {key: number for number, key in enumerate(fresh, start=len(self._series))}
        frame = pack({series[key]: value for key, value in figures.items() if key in series})
        names = ("INSERT OR REPLACE INTO series VALUES (?, ?, ?)", [(series[key], *key) for key in fresh])
        if not self.write(names, (_STORE, [(_place(0, at), frame)]), *also):
            return False
        if self.trouble:
            log.info("the history is recorded again")
        self.trouble, self._series, self._newest = "", series, at
        self.left_out = sum(key not in series for key in figures)
        return self._roll_up(at)

    def read(self, keys: Iterable[Key], begin: datetime, end: datetime) -> dict[Key, list[Point]]:
        """The series between two moments, as finely as is of use to a chart and still kept; unknown ones are empty."""
        first, last = int(begin.timestamp()), int(end.timestamp())
        found = self._collect(list(keys), self._finest_for(first, last), first, last)
        return {key: thin(series, self.step(begin, end)) for key, series in found.items()}

    def step(self, begin: datetime, end: datetime) -> int:
        """The seconds between the points that `read` gives for this span."""
        first, last = int(begin.timestamp()), int(end.timestamp())
        step = self._resolutions[self._finest_for(first, last)].step
        return max(-(-(last - first) // (MOST_POINTS * step)), 1) * step

    def known(self) -> list[Key]:
        """Every series there is."""
        return list(self._series)

    def rows(self) -> int:
        """How many frames are kept."""
        return sum(row[0] for row in self.query("SELECT count(*) FROM frames"))

    def query(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        """The rows of a SELECT; [] when the file cannot be read."""
        if self._db is None:
            return []
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._fail(error)
            return []

    def write(self, *steps: Step) -> bool:
        """All steps in one transaction; False, and a word in `trouble`, when they could not be stored."""
        if self._db is None and not self._open():
            return False
        assert self._db is not None
        try:
            with self._db:
                for statement, rows in steps:
                    self._db.executemany(statement, rows)
        except sqlite3.Error as error:
            self._fail(error)
            return False
        return True

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db, aside = open_database(self._path, _SCHEMA + PHASES_SCHEMA)
            self._keep_in_bounds(self._db)
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
            return False
        self.kept_aside = aside or self.kept_aside
        self._series = {(name, subject): number for number, name, subject in self.query("SELECT id, name, subject FROM series")}
        self._rolled.clear()
        return True

    def _keep_in_bounds(self, db: sqlite3.Connection) -> None:
        """The file itself refuses to outgrow its bound, and gives room back that it does not need."""
        if db.execute("PRAGMA auto_vacuum").fetchone() != (2,):
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("VACUUM")
        db.execute(f"PRAGMA max_page_count = {self.most_bytes // _PAGE}")
        db.execute("PRAGMA journal_size_limit = 4194304")

    def _roll_up(self, at: int) -> bool:
        """Fold what is complete into the next coarser table, step by step; prune what is older than its time once an hour."""
        good, pruned = True, False
        for tier, coarser in enumerate(self._resolutions[1:], start=1):
            current = at // coarser.step * coarser.step
            begin = self._rolled.get(tier, self._newest_of(tier)) + coarser.step
            if current > begin:
                good = self.write((_STORE, self._folded(tier, begin, current))) and good
                pruned = pruned or tier == len(self._resolutions) - 1
            self._rolled[tier] = max(current, begin) - coarser.step
        return (self._prune(at) if pruned else True) and good

    def _newest_of(self, tier: int) -> int:
        rows = self.query("SELECT max(id) FROM frames WHERE id BETWEEN ? AND ?", (_place(tier, 0), _place(tier + 1, -1)))
        return rows[0][0] - _place(tier, 0) if rows and rows[0][0] is not None else -self._resolutions[tier].step

    def _folded(self, tier: int, begin: int, end: int) -> list[tuple[int, bytes]]:
        """The complete frames of `tier` between two moments, from those of the tier below."""
        step, finer = self._resolutions[tier].step, self._resolutions[tier - 1]
        groups: dict[int, list[bytes]] = {}
        for at, frame in self._frames(tier - 1, begin, end - 1):
            groups.setdefault(at // step * step, []).append(frame)
        return [(_place(tier, at), roll_up(frames, finer.rolled_up)) for at, frames in groups.items()]

    def _frames(self, tier: int, first: int, last: int) -> list[tuple[int, bytes]]:
        """The frames that begin between two moments, both included."""
        base = _place(tier, 0)
        statement = "SELECT id - ?, frame FROM frames WHERE id BETWEEN ? AND ? ORDER BY id"
        return self.query(statement, (base, base + first, base + last))

    def _prune(self, at: int) -> bool:
        tiers = enumerate(self._resolutions)
        done = self.write((_FORGET, [(_place(tier, 0), _place(tier, at - resolution.keep)) for tier, resolution in tiers]))
        self.query("PRAGMA incremental_vacuum(500)")
        return done

    def _finest_for(self, first: int, last: int) -> int:
        """The finest table with no more points than a chart needs that still goes back so far."""
        for index, resolution in enumerate(self._resolutions):
            kept = first >= max(self._newest, last) - resolution.keep
            if kept and (last - first) // resolution.step <= MOST_POINTS:
                return index
        return len(self._resolutions) - 1

    def _collect(self, keys: Sequence[Key], tier: int, first: int, last: int) -> dict[Key, list[Point]]:
        """Points of one table, and after its newest frame those of the finer ones, so that a chart ends at this moment."""
        resolution = self._resolutions[tier]
        rows = self._frames(tier, first - resolution.step + 1, last)
        known = points(rows, [self._series[key] for key in keys if key in self._series], resolution.rolled_up)
        found = {key: known.get(self._series.get(key, -1), []) for key in keys}
        if tier == 0:
            return found
        rest = rows[-1][0] + resolution.step if rows else first
        for key, series in self._collect(keys, tier - 1, max(rest, first), last).items():
            found[key] += thin(series, resolution.step)
        return found

    def _fail(self, error: Exception) -> None:
        """Say it once. A file that turns out damaged is given up; the next record begins a fresh one."""
        if not self.trouble:
            log.error("the history cannot be recorded; everything else goes on", error=str(error))
        self.trouble = str(error) or type(error).__name__
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
            self.close()


def _place(tier: int, at: int) -> int:
    """The row of a frame: those of one resolution lie side by side, in the order of time."""
    return (tier << 40) + at
