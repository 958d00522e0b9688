"""The binder: every report that was made, one sealed zip file each, in BACKUP_DIR/handover, kept for good."""

import json
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.errors import Conflict, NotFound, Unavailable
from app.core.i18n import _
from app.supervisor.handover.damage import DAMAGE

FOLDER = "handover"
PARTS = {"handover.html": "text/html", "handover.pdf": "application/pdf"}
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class Bound:
    """One report. Without a readable inside (`trouble`) only its name is known."""

    path: Path
    made_at: datetime | None = None
    made_by: str = ""
    key: str = ""
    lines: Sequence[dict[str, Any]] = ()
    trouble: str = ""

    @property
    def id(self) -> str:
        return self.path.stem.removeprefix("handover-")

    @property
    def proven(self) -> int:
        return sum(bool(line["proven"]) for line in self.lines)


class Binder:
    """`folder` is BACKUP_DIR/handover; it is made when the first report is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, now: datetime, packed: bytes) -> Bound:
        """Store one. Raises Conflict for a second one within a second, Unavailable when the folder cannot be written."""
        path = self._path(f"{now:%Y%m%dT%H%M%SZ}")
        if path.exists():
            raise Conflict(_("A report was made this very second; look at that one."))
        try:
            _write(path, packed)
        except OSError as error:
            text = _(
                "The report could not be stored in {folder}: {reason}", folder=path.parent, reason=error.strerror or str(error)
            )
            raise Unavailable(text) from error
        return look(path)

    def all(self) -> list[Bound]:
        """Newest first."""
        found = [path for path in self._folder.glob("handover-*.zip") if _ID.fullmatch(path.stem.removeprefix("handover-"))]
        return [look(path) for path in sorted(found, reverse=True)]

    def find(self, report_id: str) -> Bound:
        """The report of that name, or the newest for "latest". Raises NotFound."""
        if report_id == "latest":
            newest = next(iter(self.all()), None)
            if newest is None:
                raise NotFound(_("There is no handover report yet. Make one: tradeai handover"))
            return newest
        if not _ID.fullmatch(report_id) or not self._path(report_id).is_file():
            raise NotFound(
                _("There is no handover report {name}. To see them all: tradeai handover list", name=repr(report_id[:40]))
            )
        return look(self._path(report_id))

    def _path(self, report_id: str) -> Path:
        return self._folder / f"handover-{report_id}.zip"


def look(path: Path) -> Bound:
    """What the report says of itself; whether that is so is for the seal to say."""
    try:
        body = json.loads(part(path, "evidence.json"))
        made = body["made"]
        seal = json.loads(part(path, "seal.json"))
        return Bound(path, datetime.fromisoformat(made["made_at"]), made["made_by"], seal["key"], tuple(body["checklist"]))
    except (NotFound, KeyError, TypeError, ValueError) as error:
        return Bound(path, trouble=str(error))


def part(path: Path, name: str) -> bytes:
    """One file of the report. Raises NotFound."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).file_size > _LARGEST:
                raise NotFound(_("{name} cannot be read.", name=name))
            return archive.read(name)
    except DAMAGE as error:
        raise NotFound(_("The report {report} is damaged; use another copy of it.", report=path.name)) from error


def _write(path: Path, content: bytes) -> None:
    """As a whole or not at all, for its owner only: it names people."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
