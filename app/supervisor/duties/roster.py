"""Keeps the calendar: does what the machine can do when its hour comes, takes people's signatures, and tells what is overdue."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core.clock import Clock
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.doctor.backend import BackendSilent
from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.doctor.practice import Busy
from app.supervisor.duties.duty import Duty, Proof
from app.supervisor.duties.looks import View
from app.supervisor.duties.records import Records
from app.supervisor.duties.schedule import Turn, latest, turn_of, turns_between
from app.supervisor.duties.standing import Entry, Standing, settled, standing, standing_now
from app.supervisor.events import Event, Measured
from app.supervisor.store import Line

_FIRST_AFTER = 300.0  # seconds: services and figures need a while after a start
_LOOK_SECONDS = 60.0
_WAIT_FOR_EVIDENCE = timedelta(hours=2)
_LOOK_AGAIN = timedelta(hours=1)

log = get_logger(__name__)


@dataclass(frozen=True)
class Row:
    """A duty with its turn and how it stands."""

    duty: Duty
    turn: Turn
    standing: Standing
    entry: Entry | None


class Roster:
    """The calendar of one appliance. `view` gives the evidence of a moment for the turn of a day."""

    def __init__(
        self,
        duties: Sequence[Duty],
        clock: Clock,
        zone: ZoneInfo,
        records: Records,
        view: Callable[[datetime, date], View],
        put: Callable[[Event], None],
        note: Callable[[Line], None],
    ) -> None:
        self.duties, self.zone, self._clock, self._records, self._view = duties, zone, clock, records, view
        self._put, self._note = put, note
        self._by_name = {duty.name: duty for duty in duties}
        self._at_work = threading.Lock()
        self._opened_at = clock.now()
        self.began_at = records.began_at(self._opened_at)

    # --- looking -------------------------------------------------------------------------------------------------------

    def today(self) -> list[Row]:
        """Every duty with the turn that is on."""
        now = self._clock.now()
        return [self._row(duty, now) for duty in self.duties]

    def between(self, first: date, last: date) -> list[Row]:
        """Every turn that falls on a day from `first` to `last`."""
        now, found = self._clock.now(), {(entry.duty, entry.day): entry for entry in self._records.entries(first, last)}
        return [
            Row(
                duty,
                turn,
                standing(duty, turn, found.get((duty.name, turn.day)), self.began_at, now),
                found.get((duty.name, turn.day)),
            )
            for duty in self.duties
            for turn in turns_between(duty, first, last, self.zone)
        ]

    def row(self, name: str, day: date | None = None) -> Row:
        """One turn of a duty, by default the one that is on. Raises NotFound."""
        duty, now = self._duty(name), self._clock.now()
        if day is None:
            return self._row(duty, now)
        turn = turn_of(duty, day, self.zone)
        if turn.day != day:
            raise NotFound(_("{duty} does not fall on {day}.", duty=name, day=day.isoformat()))
        entry = self._records.entry(name, day)
        return Row(duty, turn, standing(duty, turn, entry, self.began_at, now), entry)

    # --- doing ---------------------------------------------------------------------------------------------------------

    def keep_going(self, stopping: threading.Event) -> None:
        """Do what is due, and tell what is overdue, until `stopping`."""
        stopping.wait(_FIRST_AFTER)
        while not stopping.is_set():
            try:
                self.work()
            except Exception:
                log.exception("the calendar broke and goes on")
            stopping.wait(_LOOK_SECONDS)

    def work(self) -> None:
        """One round: look at each turn that is on and was not looked at. What was missed before stays missed."""
        now = self._clock.now()
        with self._at_work:
            for duty in self.duties:
                turn = latest(duty, now, self.zone)
                if turn.due_at >= self.began_at and self._worth_looking(self._records.entry(duty.name, turn.day), now):
                    self._look(duty, turn, now, waits=True)
        self._tell()

    def run(self, name: str, who: str) -> Row:
        """Look at a duty now, whatever was on record of its turn; a signature stays. Raises NotFound, Conflict, Unavailable."""
        duty, now = self._duty(name), self._clock.now()
        turn = latest(duty, now, self.zone)
        with self._at_work:
            if not self._look(duty, turn, now, waits=False):
                raise Unavailable(_("{title} could not be looked at now; try again in a minute.", title=_(duty.title)))
        log.info("a duty was looked at", duty=name, who=who)
        self._tell()
        return self.row(name, turn.day)

    def sign(self, name: str, who: str, note: str, day: date | None = None) -> Row:
        """A person says that it is done. Raises NotFound, Invalid without name or note, Conflict when nothing is to sign."""
        who, note = who.strip(), note.strip()
        if not 1 <= len(who) <= 100 or not 3 <= len(note) <= 500:
            raise Invalid(_("Sign with your name (up to 100 characters) and what you did or saw (3 to 500)."))
        with self._at_work:
            row = self.row(name, day)
            if row.standing is Standing.AHEAD:
                raise Conflict(_("{title} is not due before {day}.", title=_(row.duty.title), day=row.turn.day.isoformat()))
            if row.entry is not None and settled(row.duty, row.entry):
                by = row.entry.signed_by or _("the machine")
                raise Conflict(
                    _("{title} of {day} is done already, by {by}.", title=_(row.duty.title), day=row.turn.day.isoformat(), by=by)
                )
            now = self._clock.now()
            entry = row.entry or Entry(name, row.turn.day, now, True, "")
            self._store(replace(entry, signed_by=who, signed_at=now, note=note))
        self._note(Line(now, "calendar", _("{who} signed “{title}”: {note}", who=who, title=_(row.duty.title), note=note), False))
        self._tell()
        return self.row(name, row.turn.day)

    # --- inside --------------------------------------------------------------------------------------------------------

    def _row(self, duty: Duty, now: datetime) -> Row:
        turn = latest(duty, now, self.zone)
        first = turn_of(duty, turn.day - timedelta(days=1), self.zone).day
        entries = {entry.day: entry for entry in self._records.entries(first, turn.day, duty.name)}
        return Row(duty, turn, standing_now(duty, entries, self.began_at, now, self.zone), entries.get(turn.day))

    def _duty(self, name: str) -> Duty:
        if name not in self._by_name:
            names = ", ".join(self._by_name)
            raise NotFound(_("There is no task named {name}. There are: {names}", name=repr(name[:60]), names=names))
        return self._by_name[name]

    def _worth_looking(self, entry: Entry | None, now: datetime) -> bool:
        """Not looked at yet; or not well an hour ago and not signed: it may have come right by itself."""
        if entry is None:
            return True
        return not entry.good and not entry.signed_by and now - entry.done_at >= _LOOK_AGAIN

    def _look(self, duty: Duty, turn: Turn, now: datetime, waits: bool) -> bool:
        """Whether there is a proof on record; what cannot be told yet is tried again until its time is over."""
        try:
            proof = duty.look(self._view(now, turn.day))
        except (NoEvidence, BackendSilent, Busy) as reason:
            if waits and now - max(turn.due_at, self._opened_at) < _WAIT_FOR_EVIDENCE:
                return False
            proof = Proof(False, _("It could not be told: {reason}", reason=str(reason)))
        before = self._records.entry(duty.name, turn.day)
        entry = before or Entry(duty.name, turn.day, now, proof.good, "")
        self._store(replace(entry, done_at=now, good=proof.good, proof=proof.text, details=proof.details))
        if not proof.good and (before is None or before.good):
            self._note(Line(now, "calendar", f"{_(duty.title)}: {proof.text}", True))
        return True

    def _store(self, entry: Entry) -> None:
        if not self._records.keep(entry):
            raise Unavailable(_("The calendar cannot be written: the supervisor's state file is out of order."))

    def _tell(self) -> None:
        overdue = [row for row in self.today() if row.standing is Standing.OVERDUE]
        detail = ", ".join(_(row.duty.title) for row in overdue)
        self._put(Measured("duties_overdue", len(overdue), "", detail))
