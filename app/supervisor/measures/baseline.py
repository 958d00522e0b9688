"""What was on disk and which images ran when somebody last said that all is as it should be (deploy.sh does, at its end).

The record lies in the supervisor's own file: whoever changes the configuration on disk cannot change the record along with it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.core.clock import Clock, iso
from app.core.i18n import N_
from app.core.logging import get_logger
from app.supervisor.engine import EngineError
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.state import State, words
from app.supervisor.store import Line, StateFile

SECONDS = 60.0
_LARGEST = 5 * 1024 * 1024
_MOST_FILES = 2000
_REPLACED = "+replaced"  # the mounted file was replaced on the host: the container still sees the old one
_SCHEMA = """
CREATE TABLE IF NOT EXISTS baseline (kind TEXT NOT NULL, name TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS baseline_record (id INTEGER PRIMARY KEY CHECK (id = 1), at TEXT NOT NULL, who TEXT NOT NULL);
"""
FILES, IMAGES = "file", "image"
_EXPECTED = "expected"
# How long a difference must last before it is told: between `git pull` and the end of deploy.sh things differ as they should.
GRACE = timedelta(minutes=10)

log = get_logger(__name__)
Marks = Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """`was` and `now_` are marks (digests, image ids); "" for what is not there."""

    name: str
    was: str
    now_: str


class Baseline:
    """The record, and how the present differs from it."""

    def __init__(
        self, store: StateFile, clock: Clock, files: Callable[[], Marks], images: Callable[[], Marks], grace: timedelta = GRACE
    ) -> None:
        self._store, self._clock, self._grace = store, clock, grace
        self._since: dict[tuple[str, Difference], datetime] = {}
        self._look = {FILES: files, IMAGES: images}
        self._shown: dict[str, set[str]] = {FILES: set(), IMAGES: set()}
        store.define(_SCHEMA)
        self._recorded = {kind: self._load(kind) for kind in self._look}

    def differences(self, kind: str) -> list[Difference]:
        """What differs now. What is seen for the first time is recorded as it is. Raises OSError, EngineError."""
        present, recorded = self._look[kind](), self._recorded[kind]
        if not recorded and present:
            self._save(kind, present)
            return []
        if kind == IMAGES:  # a container that is away for a moment is no change, nor is one that is seen for the first time
            if not present.keys() <= recorded.keys():
                self._save(kind, recorded := {**present, **recorded})
            present = {**recorded, **present}
        differing = [Difference(name, was, now) for name, was, now in _compare(recorded, present)]
        return [difference for difference in differing if not self._remounted(kind, difference)]

    def expect(self, seconds: float) -> datetime:
        """A deployment is under way: until the moment that is returned (or `record`) no difference is told."""
        until = self._clock.now() + timedelta(seconds=seconds)
        self._store.write(("INSERT OR REPLACE INTO baseline VALUES (?, '', ?)", [(_EXPECTED, until.isoformat())]))
        return until

    def record(self, who: str) -> dict[str, int]:
        """Everything is as it should be, says `who`; returns how much was recorded. Raises OSError, EngineError."""
        found = {kind: look() for kind, look in self._look.items()}
        for kind, present in found.items():
            self._save(kind, {**self._recorded[IMAGES], **present} if kind == IMAGES else present)
        now = self._clock.now()
        self._store.write(
            ("INSERT OR REPLACE INTO baseline_record VALUES (1, ?, ?)", [(now.isoformat(), who)]),
            ("DELETE FROM baseline WHERE kind = ?", [(_EXPECTED,)]),
        )
        text = words(N_("{who} recorded configuration and images as they should be"), who=who)
        self._store.note(Line(now, "baseline", str(text), False))
        return {kind: len(present) for kind, present in found.items()}

    def as_document(self) -> dict[str, Any]:
        """For machines: when and by whom it was recorded, and what differs."""
        rows = self._store.read("SELECT at, who FROM baseline_record")
        document: dict[str, Any] = {"recorded_at": None, "recorded_by": None}
        if rows:
            document = {"recorded_at": iso(datetime.fromisoformat(rows[0][0])), "recorded_by": rows[0][1]}
        for kind in self._look:
            document[f"{kind}s"] = len(self._recorded[kind])
            document[f"changed_{kind}s"] = [difference.name for difference in self.differences(kind)]
        return document

    def read(self, kind: str, figure: str) -> Iterable[Measured]:
        """`figure` 1 for each name that differs, 0 once it does no more; one without a subject says how many differ."""
        differing = self._lasting(kind, self.differences(kind))
        names = {difference.name for difference in differing}
        for difference in differing:
            yield Measured(figure, 1, difference.name, _said(difference))
        for name in self._shown[kind] - names:
            yield Measured(figure, 0, name, "as it was recorded")
        self._shown[kind] = names
        if not names:
            yield Measured(figure, 0, "", f"{len(self._recorded[kind])} are as they were recorded")

    def _lasting(self, kind: str, differing: list[Difference]) -> list[Difference]:
        """Those that are no deployment under way."""
        now = self._clock.now()
        others = {key: at for key, at in self._since.items() if key[0] != kind}
        self._since = others | {(kind, one): self._since.get((kind, one), now) for one in differing}
        expected = self._load(_EXPECTED).get("")
        if expected is not None and now < datetime.fromisoformat(expected):
            return []
        return [one for one in differing if now - self._since[kind, one] >= self._grace]

    def _remounted(self, kind: str, difference: Difference) -> bool:
        """A file that was recorded while the container saw an old one: what it sees after its restart is what was meant."""
        if not difference.was.endswith(_REPLACED) or not difference.now_ or difference.now_.endswith(_REPLACED):
            return False
        self._save(kind, {**self._recorded[kind], difference.name: difference.now_})
        return True

    def _load(self, kind: str) -> Marks:
        return dict(self._store.read("SELECT name, mark FROM baseline WHERE kind = ?", (kind,)))

    def _save(self, kind: str, present: Marks) -> None:
        self._recorded[kind] = dict(present)
        rows = [(kind, name, mark) for name, mark in present.items()]
        self._store.write(("DELETE FROM baseline WHERE kind = ?", [(kind,)]), ("INSERT INTO baseline VALUES (?, ?, ?)", rows))


def _compare(recorded: Marks, present: Marks) -> Iterable[tuple[str, str, str]]:
    for name in sorted({*recorded, *present}):
        was, now = recorded.get(name, ""), present.get(name, "")
        if was != now:
            yield name, was, now


def _said(difference: Difference) -> str:
    if not difference.was:
        return "it is new since the last deployment"
    if not difference.now_:
        return "it is gone since the last deployment"
    if difference.now_.endswith(_REPLACED):
        return "it was replaced on the host since the last deployment"
    return f"changed since the last deployment: {difference.was[:19]} was recorded, {difference.now_[:19]} is there"


class WatchedFiles:
    """The digests of all files in a folder (mounted read-only); a file is read again only when its stat changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, ...], str]] = {}

    def __call__(self) -> Marks:
        """Path below the folder -> mark; {} without the folder. Raises OSError."""
        known: dict[str, tuple[tuple[int, ...], str]] = {}
        for path in self._paths():
            name, stat = str(path.relative_to(self._folder)), path.stat()
            look = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_mode, stat.st_nlink)
            before = self._known.get(name)
            known[name] = before if before is not None and before[0] == look else (look, _mark(path, stat))
        self._known = known
        return {name: mark for name, (_look, mark) in known.items()}

    def _paths(self) -> list[Path]:
        found: list[Path] = []
        for folder, folders, files in os.walk(self._folder):
            folders[:] = [name for name in folders if name not in {"__pycache__", "node_modules"}]
            found += [path for path in (Path(folder, name) for name in files) if path.is_file()]
        if len(found) > _MOST_FILES:
            raise OSError(f"{self._folder} holds {len(found)} files, too many to watch")
        return sorted(found)


def _mark(path: Path, stat: os.stat_result) -> str:
    """Digest and whether it may be executed; of a huge file, its size."""
    try:
        text = f"size:{stat.st_size}" if stat.st_size > _LARGEST else hashlib.sha256(path.read_bytes()).hexdigest()
    except PermissionError:  # kept from us as secrets are: that it changed still shows
        text = f"unread:{stat.st_size}:{stat.st_mtime_ns}"
    return text + ("+x" if stat.st_mode & 0o100 else "") + (_REPLACED if stat.st_nlink == 0 else "")


class RunningImages:
    """The image of each service's container, asked once for each container: a container never changes its image.

    `others` are containers whose ids the state does not know; they are asked each time.
    """

    def __init__(
        self,
        state: Callable[[], State],
        describe: Callable[[str], Mapping[str, Any] | None],
        others: Sequence[str] = (),
    ) -> None:
        self._state, self._describe, self._others = state, describe, others
        self._known: dict[str, tuple[str, str]] = {}

    def __call__(self) -> Marks:
        """Service -> image id. Raises OSError when Docker does not answer."""
        for name, service in self._state().services.items():
            container_id = service.container.id if service.container else ""
            if not container_id or self._known.get(name, ("", ""))[0] == container_id:
                continue
            described = self._ask(name)
            if described is not None and described["Id"] == container_id:
                self._known[name] = (container_id, str(described["Image"]))
        for name in self._others:
            described = self._ask(name)
            if described is not None:
                self._known[name] = (str(described["Id"]), str(described["Image"]))
        return {name: image for name, (_container_id, image) in self._known.items()}

    def _ask(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._describe(name)
        except EngineError as error:
            raise OSError(str(error)) from error


def sources(baseline: Baseline) -> list[Source]:
    """`configuration_changed` by file and `image_changed` by service."""
    return [
        Source("configuration", SECONDS, lambda: baseline.read(FILES, "configuration_changed")),
        Source("images", SECONDS, lambda: baseline.read(IMAGES, "image_changed")),
    ]
