"""How it stands with a duty's turn: done, to be looked at, waiting, overdue or missed. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.supervisor.duties.duty import GRACE, Duty
from app.supervisor.duties.schedule import Turn, before, latest


class Standing(StrEnum):
    """In the order of how urgent it is."""

    OVERDUE = "overdue"
    ATTENTION = "attention"  # the machine looked, and a person must too
    WAITING = "waiting"
    MISSED = "missed"  # the next turn has taken its place
    DONE = "done"
    AHEAD = "ahead"
    NONE = "none"  # before the calendar began


@dataclass(frozen=True)
class Entry:
    """What is on record of one turn. `signed_by` is the person, when one was needed."""

    duty: str
    day: date
    done_at: datetime
    good: bool
    proof: str
    details: tuple[str, ...] = ()
    signed_by: str = ""
    signed_at: datetime | None = None
    note: str = ""


def settled(duty: Duty, entry: Entry | None) -> bool:
    """Whether nothing is left to do about it."""
    return entry is not None and (bool(entry.signed_by) or (entry.good and not duty.person))


def standing(duty: Duty, turn: Turn, entry: Entry | None, began_at: datetime, now: datetime) -> Standing:
    """How it stands with one turn, looked at alone."""
    if settled(duty, entry):
        return Standing.DONE
    if turn.due_at > now:
        return Standing.AHEAD
    if turn.due_at < began_at:
        return Standing.NONE
    if turn.until <= now:
        return Standing.MISSED
    if now - turn.due_at > GRACE[duty.every]:
        return Standing.OVERDUE
    return Standing.ATTENTION if entry is not None else Standing.WAITING


def standing_now(duty: Duty, entries: dict[date, Entry], began_at: datetime, now: datetime, zone: ZoneInfo) -> Standing:
    """How it stands with the duty. What waits after a missed turn is overdue: no new day hides an old one."""
    turn = latest(duty, now, zone)
    own = standing(duty, turn, entries.get(turn.day), began_at, now)
    if own not in {Standing.WAITING, Standing.ATTENTION}:
        return own
    earlier = before(duty, turn, zone)
    missed = standing(duty, earlier, entries.get(earlier.day), began_at, now) is Standing.MISSED
    return Standing.OVERDUE if missed else own
