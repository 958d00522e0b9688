"""Looks on at the loop and records: a frame every 15 seconds, every change of state, and when the disk will be full."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from app.core.i18n import N_, _
from app.supervisor.actions import Action
from app.supervisor.events import Event, Measured, Tick
from app.supervisor.history.archive import Archive
from app.supervisor.history.figures import figures
from app.supervisor.history.forecast import HORIZON, WINDOWS, Forecast, disk_full
from app.supervisor.history.frames import SAMPLES
from app.supervisor.history.phases import Phases
from app.supervisor.host.disks import words_for
from app.supervisor.pages import formatting
from app.supervisor.state import State
from app.supervisor.store import Line

FORECAST = "disk_full_in_h"
_FRAME_EVERY = timedelta(seconds=SAMPLES.step)
_FORECAST_EVERY = timedelta(minutes=5)
_PRUNE_EVERY = timedelta(hours=1)


class Recorder:
    """An observer of the loop. What cannot be recorded is said once, in the journal and in `trouble`; nothing else suffers."""

    def __init__(self, archive: Archive, put: Callable[[Event], None], note: Callable[[Line], None]) -> None:
        self.archive, self.phases = archive, Phases(archive)
        self._put, self._note = put, note
        self._due: dict[timedelta, datetime] = {}
        self._said = ""
        self._aside_said: Path | None = None

    @property
    def trouble(self) -> str:
        """Why nothing is recorded at present; empty while all is well."""
        return self.archive.trouble

    def turned(self, before: State, after: State, event: Event, actions: Sequence[Action], now: datetime) -> None:
        """Record what is due."""
        self.phases.turned(before, after, now)
        if not isinstance(event, Tick):
            return
        if self._is_due(_FRAME_EVERY, now):
            self.archive.record(figures(after, now), now, self.phases.seen(after, now))
            self._say(now)
        if self._is_due(_FORECAST_EVERY, now):
            for disk in after.host.all_disks if after.host is not None else ():
                self._put(forecast(self.archive, now, disk.name))
        if self._is_due(_PRUNE_EVERY, now):
            self.phases.prune(now)

    def _is_due(self, every: timedelta, now: datetime) -> bool:
        due = self._due.get(every)
        if due is not None and now < due:
            return False
        self._due[every] = now + every
        return True

    def _say(self, now: datetime) -> None:
        """Each trouble once, and its end."""
        aside = self.archive.kept_aside
        if aside is not None and aside != self._aside_said:
            self._aside_said = aside
            text = _("The history was damaged; it is kept as {file} and a fresh one begun", file=aside.name)
            self._note(Line(now, "supervisor", text, True))
        if bool(self.trouble) == bool(self._said):
            return
        self._said = self.trouble
        bad = _("The history cannot be recorded, everything else goes on: {reason}", reason=self.trouble)
        self._note(Line(now, "supervisor", bad if self.trouble else _("The history is recorded again"), bool(self.trouble)))


def forecast(archive: Archive, now: datetime, disk: str = "") -> Measured:
    """The hours until the disk of that name is full, a year when nothing points to that (an absent figure would end no alert)."""
    key = ("host_disk_free", disk)
    series = [point for window in WINDOWS for point in archive.read([key], now - timedelta(seconds=window), now)[key]]
    points = sorted({float(point.at): point.mean for point in series}.items())
    full = disk_full(points)
    if full is None:
        return Measured(FORECAST, HORIZON / 3600, disk, _("no trend towards a full disk"))
    return Measured(FORECAST, full.left / 3600, disk, _in_words(full, points[-1][1], disk))


def _in_words(full: Forecast, free: float, disk: str) -> str:
    text = N_("{free} free, {daily} less a day over the last {window}: full in {left}")
    if disk:
        text = N_("{disk}: {free} free, {daily} less a day over the last {window}: full in {left}")
    daily = formatting.size(-full.slope * 86400)
    window, left = timedelta(seconds=full.window), timedelta(seconds=full.left)
    span = formatting.span
    return _(text, disk=words_for(disk), free=formatting.size(free), daily=daily, window=span(window), left=span(left))
