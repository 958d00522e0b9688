"""manifest.json: what a backup is, what it holds, and a seal that shows when somebody changed it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.backup.contents import Collection, Contents
from app.backup.errors import BackupUnusable
from app.core.i18n import _

FILE = "manifest.json"
ARCHIVE = "archive.gz"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """`size` in bytes, of the archive; `reason` says what the backup was made for: schedule, hand, safety, update."""

    id: str
    reason: str
    database: str
    started_at: datetime
    ended_at: datetime
    size: int
    sha256: str
    collections: Contents
    migration: int
    app_version: str
    server_version: str
    tool_version: str
    secrets: Mapping[str, str]

    @property
    def documents(self) -> int:
        return sum(collection.count for collection in self.collections.values())

    def as_json(self) -> str:
        """The file's text, sealed."""
        body = asdict(self) | {
            "format": FORMAT,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "collections": {name: asdict(collection) for name, collection in sorted(self.collections.items())},
        }
        return json.dumps(body | {"seal": _seal(body)}, indent=1, sort_keys=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`. Raises BackupUnusable naming what is wrong with it."""
    try:
        body: dict[str, Any] = json.loads((folder / FILE).read_text())
        seal = body.pop("seal")
    except FileNotFoundError as error:
        raise BackupUnusable(_("{name} has no manifest: it is no backup.", name=folder.name)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupUnusable(_("The manifest of {name} cannot be read. Use another backup.", name=folder.name)) from error
    if seal != _seal(body):
        raise BackupUnusable(_("The manifest of {name} was changed after it was written. Use another backup.", name=folder.name))
    if body.pop("format") != FORMAT:
        raise BackupUnusable(_("{name} was made by a newer version. Update first, then restore.", name=folder.name))
    return _from_body(body)


def _from_body(body: dict[str, Any]) -> Manifest:
    collections = {
        name: Collection(**(collection | {"indexes": tuple(collection["indexes"])}))
        for name, collection in body.pop("collections").items()
    }
    started_at, ended_at = (datetime.fromisoformat(body.pop(name)) for name in ("started_at", "ended_at"))
    return Manifest(**body, started_at=started_at, ended_at=ended_at, collections=collections)


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
