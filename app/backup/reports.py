"""Reports of the quarterly recovery tests: one small file each, kept for good."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from app.backup.shelf import Shelf, read_json, write_json
from app.core.errors import NotFound
from app.core.i18n import N_, _

_FOLDER = "reports"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
TITLES = {
    "backup": N_("Back up"),
    "restore": N_("Restore from the backup"),
    "failover": N_("Failover"),
    "load": N_("Load"),
}


@dataclass(frozen=True)
class Step:
    """`outcome`: good, bad, or person when a person must do it; `text` says in a sentence what was seen."""

    name: str
    began_at: datetime
    seconds: float
    outcome: str
    text: str


@dataclass(frozen=True)
class Report:
    """One quarterly test."""

    id: str
    who: str
    began_at: datetime
    ended_at: datetime
    steps: tuple[Step, ...]

    @property
    def good(self) -> bool:
        """Whether no step went wrong; what a person must do is for the calendar's signature."""
        return bool(self.steps) and all(step.outcome != "bad" for step in self.steps)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


def keep_report(shelf: Shelf, report: Report) -> None:
    """Store it."""
    write_json(shelf.work / _FOLDER / f"{report.id}.json", asdict(report) | {
        "began_at": report.began_at.isoformat(),
        "ended_at": report.ended_at.isoformat(),
        "steps": [asdict(step) | {"began_at": step.began_at.isoformat()} for step in report.steps],
    })  # fmt: skip


def reports(shelf: Shelf) -> list[Report]:
    """Newest first; what cannot be read is left out."""
    found = (_read(shelf, path.stem) for path in sorted((shelf.work / _FOLDER).glob("*.json"), reverse=True))
    return [report for report in found if report is not None]


def find_report(shelf: Shelf, report_id: str) -> Report:
    """Raises NotFound."""
    found = _read(shelf, report_id) if _ID.fullmatch(report_id) else None
    if found is None:
        raise NotFound(_("There is no report {name}.", name=report_id[:40]))
    return found


def _read(shelf: Shelf, report_id: str) -> Report | None:
    body = read_json(shelf.work / _FOLDER / f"{report_id}.json")
    try:
        assert body is not None
        began_at, ended_at = (datetime.fromisoformat(body.pop(name)) for name in ("began_at", "ended_at"))
        steps = tuple(Step(**(step | {"began_at": datetime.fromisoformat(step["began_at"])})) for step in body.pop("steps"))
        return Report(**body, began_at=began_at, ended_at=ended_at, steps=steps)
    except (AssertionError, KeyError, TypeError, ValueError):
        return None
