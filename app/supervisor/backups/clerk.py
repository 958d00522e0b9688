"""Keeps the schedule: places the orders that are due, and tells the figures."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from app.backup.orders import Order, place, waiting
from app.backup.owed import owe
from app.backup.progress import read_progress
from app.backup.records import Record, find_record, records
from app.backup.reports import Report, reports
from app.backup.shelf import SAFETY, Backup, Shelf, read_json, write_json
from app.core.clock import Clock
from app.core.errors import Conflict
from app.core.i18n import _
from app.supervisor.backups.figures import figures
from app.supervisor.backups.schedule import SCHEDULE, due, to_look_at_again
from app.supervisor.events import Measured

READ_SECONDS = 20.0
_STATE = "schedule.json"


class Clerk:
    """The supervisor's view of BACKUP_DIR; what is written there are orders."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.shelf, self._clock = Shelf(folder), clock

    def read(self) -> Iterator[Measured]:
        """Place what is due, then give the figures. Raises OSError when the folder cannot be used."""
        now = self._clock.now()
        since, done = self._since(now), self.records()
        ordered = {order.kind for order in self.waiting()}
        for kind in due(done, since, now):
            if kind not in ordered:
                self.order(kind, SCHEDULE, *([SCHEDULE] if kind == "backup" else []))
        backups = self.backups()
        if not self.waiting() and self.progress() is None and (name := to_look_at_again(backups, done, now)):
            self.order("verify", SCHEDULE, name)
        return figures(backups, done, since, now, self._left_alone(), self.reports())

    def backups(self) -> list[Backup]:
        return self.shelf.backups()

    def safeties(self) -> list[Backup]:
        return self.shelf.backups(SAFETY)

    def records(self) -> list[Record]:
        return records(self.shelf)

    def reports(self) -> list[Report]:
        return reports(self.shelf)

    def record(self, order_id: str) -> Record | None:
        return find_record(self.shelf, order_id)

    def waiting(self) -> Sequence[Order]:
        return waiting(self.shelf)

    def progress(self) -> Mapping[str, Any] | None:
        """What the container does at this moment."""
        return read_progress(self.shelf.work / "progress.json")

    def unfinished(self) -> Mapping[str, Any] | None:
        """The journal of a restore that neither settled nor went back."""
        return read_json(self.shelf.work / "restore.json")

    def _left_alone(self) -> str:
        """The backup of an unfinished restore at which nobody works; "" for none."""
        left = self.unfinished()
        at_work = self.progress() is not None or bool(self.waiting())
        return "" if left is None or at_work else str(left.get("backup", "?"))

    def order(self, kind: str, who: str, *arguments: str) -> Order:
        """Leave an order. Raises Conflict when the same is waiting already, OSError when it cannot be left."""
        if any(order.kind == kind and order.arguments == arguments for order in self.waiting()):
            raise Conflict(_("This was ordered already and is waiting or at work."))
        return place(self.shelf, kind, who, self._clock.now(), *arguments)

    def tell_trail(self, who: str, action: str, backup_id: str, text: str) -> None:
        """What the audit trail shall know; delivered once the backend takes it. Raises OSError when it cannot be written down."""
        owe(self.shelf, self._clock.now(), who, action, backup_id, text)

    def _since(self, now: datetime) -> datetime:
        """When the schedule began: nothing is due for the time before."""
        found = read_json(self.shelf.work / _STATE)
        if found is not None:
            return datetime.fromisoformat(found["since"])
        write_json(self.shelf.work / _STATE, {"since": now.isoformat()})
        return now
