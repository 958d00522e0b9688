"""The list of fitted models on the volume, newest last, and which one serves; switched atomically."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog

from ai.registry.storage import StoredModel, UnreadableModel, read, write

KEPT_MODELS = 5
REMEMBERED = 200  # models that are gone, whose measured errors are still told
log = structlog.get_logger(__name__)


class UnknownModel(Exception):
    """No kept model has this id; the message says which are kept."""


@dataclass(frozen=True)
class Entry:
    """One fitted model; dates are ISO 8601."""

    id: str
    source: str
    fitted_at: str
    rows: int
    window_from: str
    window_to: str
    sha256: str
    metrics: dict[str, Any] = field(default_factory=dict)
    features: dict[str, list[str]] = field(default_factory=dict)  # columns learned from; empty in older manifests


def write_atomically(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half of it, even after a crash."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class Registry:
    """Models in `folder`: one sub-folder each and `manifest.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / "manifest.json"
        self._kept: tuple[tuple[int, int, int], dict[str, Any]] = ((0, 0, 0), {})

    def _content(self) -> dict[str, Any]:
        """The manifest, read again only when it was written: every question to the service asks which model serves."""
        found = self._manifest.stat()
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._kept[0] != version:
            self._kept = (version, json.loads(self._manifest.read_text(encoding="utf-8")))
        return self._kept[1]

    def entries(self) -> list[Entry]:
        """Oldest first; empty when nothing was trained or the manifest is damaged (which is logged)."""
        try:
            return [Entry(**entry) for entry in self._content()["models"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("manifest_unreadable", path=str(self._manifest), error=str(error))
            return []

    def remembered(self) -> list[Entry]:
        """Models that are gone, oldest first: what they measured shows how errors went over time."""
        try:
            return [Entry(**entry) for entry in self._content().get("gone") or []]
        except (OSError, ValueError, TypeError, AttributeError):
            return []

    def current(self, source: str) -> Entry | None:
        """The promoted model of the source, else the newest; reading it may still fail."""
        return next(iter(self._by_preference(source)), None)

    def promote(self, key: str) -> Entry:
        """Lets the model `key` serve from now on, until the next training; raises UnknownModel."""
        entries = self.entries()
        entry = next((entry for entry in entries if entry.id == key), None)
        if entry is None:
            raise UnknownModel(f"there is no model {key!r}; the last {KEPT_MODELS} of each source are kept")
        self._save(entries, self._promoted() | {entry.source: key})
        return entry

    def _by_preference(self, source: str) -> list[Entry]:
        """The promoted model first, then the others, newest first."""
        promoted = self._promoted().get(source)
        newest_first = [entry for entry in reversed(self.entries()) if entry.source == source]
        return sorted(newest_first, key=lambda entry: entry.id != promoted)

    def _promoted(self) -> dict[str, str]:
        try:
            return dict(self._content().get("promoted") or {})
        except (OSError, ValueError, AttributeError):
            return {}

    def _save(self, entries: list[Entry], promoted: dict[str, str], dropped: list[Entry] | None = None) -> None:
        gone = [*self.remembered(), *(dropped or [])][-REMEMBERED:]
        content = {
            "models": [asdict(entry) for entry in entries], "promoted": promoted, "gone": [asdict(entry) for entry in gone]
        }  # fmt: skip
        write_atomically(self._manifest, json.dumps(content, indent=1))

    def load(self, source: str) -> tuple[Entry, StoredModel] | None:
        """The serving model: one that cannot be read falls back to the newest that can."""
        for entry in self._by_preference(source):
            try:
                return entry, read(self.folder / entry.id, entry.sha256)
            except UnreadableModel as error:
                log.error("model_unreadable", model=entry.id, error=str(error), remedy="using the model before")
        return None

    def add(
        self, stored: StoredModel, *, key: str, source: str, fitted_at: str, rows: int, window: tuple[str, str],
        serve: bool = True,
    ) -> Entry:  # fmt: skip
        """Writes the model beside the others, then switches to it unless told not to; old ones beyond the kept number go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        building = self.folder / f".{key}.partial"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        sha256 = write(stored, building)
        building.replace(self.folder / key)
        entry = Entry(key, source, fitted_at, rows, *window, sha256, stored.facts["metrics"], stored.facts.get("features", {}))
        serving = None if serve else self.current(source)
        entries = [*self.entries(), entry]
        same = [other for other in entries if other.source == source and other != serving]
        dropped = same[: -(KEPT_MODELS - (serving is not None))]
        kept = [other for other in entries if other not in dropped]
        promoted = {name: other for name, other in self._promoted().items() if name != source}
        if serving:
            promoted[source] = serving.id
        self._save(kept, promoted, dropped)
        for old in dropped:
            shutil.rmtree(self.folder / old.id, ignore_errors=True)
        return entry
