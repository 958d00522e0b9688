"""The folder of backups: what is whole, what is being written, what an interrupted run left."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.backup.errors import BackupFailed, BackupUnusable
from app.backup.manifest import ARCHIVE, Manifest, read_manifest
from app.core.errors import NotFound
from app.core.i18n import _

PARTIAL = ".partial"
PROOF, COPIED = "proof.json", "offsite.json"
DATABASE, SAFETY = "database", "safety"


@dataclass(frozen=True)
class Backup:
    """One whole backup; `trouble` says why its manifest cannot be used, then `manifest` is None."""

    folder: Path
    manifest: Manifest | None
    trouble: str = ""
    proof: dict[str, Any] | None = None
    copied: dict[str, Any] | None = None
    """Where the newest copy elsewhere lies, and since when."""

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def archive(self) -> Path:
        return self.folder / ARCHIVE

    @property
    def proven(self) -> bool:
        return self.manifest is not None and bool(self.proof and self.proof.get("ok"))


class Shelf:
    """`root` is BACKUP_DIR."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / ".work"

    @property
    def lock(self) -> Path:
        return self.work / "lock"

    def backups(self, kind: str = DATABASE) -> list[Backup]:
        """All whole ones of a kind, newest first."""
        folder = self.root / kind
        found = (
            [path for path in folder.iterdir() if path.is_dir() and not path.name.endswith(PARTIAL)] if folder.is_dir() else []
        )
        return [look(path) for path in sorted(found, reverse=True)]

    def find(self, backup_id: str) -> Backup:
        """The backup of that name, or the newest for "latest". Raises NotFound."""
        if backup_id == "latest":
            usable = [backup for backup in self.backups() if backup.manifest]
            if not usable:
                raise NotFound(_("There is no backup yet. Make one: tradeai backup now"))
            return usable[0]
        for kind in (DATABASE, SAFETY):
            folder = self.root / kind / backup_id
            if backup_id and backup_id == Path(backup_id).name and not backup_id.endswith(PARTIAL) and folder.is_dir():
                return look(folder)
        raise NotFound(_("There is no backup {name}. To see them all: tradeai backup list", name=backup_id))

    @contextmanager
    def writing(self, kind: str, now: datetime) -> Iterator[Path]:
        """A folder to write a backup into; renamed to its final name when the block ends well, removed when it does not."""
        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        partial = self.root / kind / (name + PARTIAL)
        try:
            partial.mkdir(parents=True, mode=0o700)
            yield partial
            flush(partial)
            partial.rename(self.root / kind / name)
            flush(partial.parent)
        except OSError as error:
            raise BackupFailed(writing_trouble(error, self.root)) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def sweep(self) -> list[str]:
        """Remove what interrupted runs left; only while holding the lock. Returns the names."""
        left = [path for kind in (DATABASE, SAFETY) for path in (self.root / kind).glob(f"*{PARTIAL}")]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        return [path.name for path in left]

    def remove(self, backup: Backup) -> None:
        """Delete one; its name goes first, so that an interruption leaves nothing that looks whole."""
        doomed = backup.folder.with_name(backup.folder.name + PARTIAL)
        backup.folder.rename(doomed)
        shutil.rmtree(doomed)


def look(folder: Path) -> Backup:
    """What lies in `folder`."""
    proof, copied = read_json(folder / PROOF), read_json(folder / COPIED)
    try:
        manifest = read_manifest(folder)
    except BackupUnusable as error:
        return Backup(folder, None, error.detail, proof, copied)
    return Backup(folder, manifest, "", proof, copied)


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file of ours; None when there is none that can be read."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(path: Path, value: object) -> None:
    """Replace a file as a whole: a reader sees the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new-{secrets.token_hex(3)}")
    with new.open("w") as file:
        json.dump(value, file, default=str, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def flush(folder: Path) -> None:
    """Bring a folder's entries and its files to the disk."""
    for path in (*(path for path in folder.iterdir() if path.is_file()), folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def writing_trouble(error: OSError, folder: Path) -> str:
    return _("{folder} cannot be written: {reason}. The earlier backups are untouched.", folder=folder, reason=error.strerror)
