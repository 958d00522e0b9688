"""Looking things up in the journal: who did what, and what the supervisor did, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.supervisor.store import Line, StateFile

MOST = 500  # lines at once
SIGN_IN = "sign-in"  # what lines on the supervisor's own door are filed under


@dataclass(frozen=True)
class Wanted:
    """`about`: a service, or another heading; `before`: older than the line of that number; "" and 0 stand for all."""

    about: str = ""
    text: str = ""
    bad: bool = False
    before: int = 0
    count: int = 50


@dataclass(frozen=True)
class Page:
    """The lines with their numbers; `older` is the number to go on `before`, 0 when there are none."""

    lines: Sequence[tuple[int, Line]]
    older: int


def find(store: StateFile, wanted: Wanted) -> Page:
    """The newest lines that fit."""
    conditions, values = ["1"], list[object]()
    if wanted.about:
        conditions, values = [*conditions, "service = ?"], [*values, wanted.about]
    if wanted.text:
        conditions, values = [*conditions, "instr(lower(text), lower(?))"], [*values, wanted.text]
    if wanted.bad:
        conditions.append("bad")
    if wanted.before:
        conditions, values = [*conditions, "id < ?"], [*values, wanted.before]
    statement = f"SELECT id, at, service, text, bad FROM journal WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"  # noqa: S608
    rows = store.read(statement, (*values, wanted.count + 1))
    lines = [(number, Line(datetime.fromisoformat(at), about, text, bool(bad))) for number, at, about, text, bad in rows]
    more = len(lines) > wanted.count
    return Page(lines[: wanted.count], lines[wanted.count - 1][0] if more else 0)


def headings(store: StateFile) -> list[str]:
    """What lines are filed under, in the order of the alphabet."""
    return [heading for (heading,) in store.read("SELECT DISTINCT service FROM journal WHERE service <> '' ORDER BY service")]
