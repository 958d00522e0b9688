"""From a backup back into the database: beside the live collections, compared in full, switched by renaming, undone likewise.

Collections are named `restoring_<name>` until they are proven, the live ones `replaced_<name>` until the restored ones have
worked. Names with a dot (GridFS) cannot be renamed on every server: they are loaded again, from the proven archive on the way
there, from the safety dump on the way back. A journal on the disk says how far it is, so that a restore killed anywhere is
undone by the next run.
"""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from app.backup.contents import differences
from app.backup.dump import LastWords, Source, end, killed, make_backup
from app.backup.errors import BackupFailed, BackupUnusable, RestoreFailed
from app.backup.fingerprint import Read
from app.backup.invariants import Restored, contradiction
from app.backup.manifest import Manifest
from app.backup.progress import Progress, Silent
from app.backup.server import Server, read_collection, read_contents, start
from app.backup.shelf import SAFETY, Backup, Shelf, read_json, write_json
from app.backup.space import UNPACKED, check_room, disk_of
from app.backup.verify import check_fits, verify
from app.core.clock import Clock
from app.core.errors import TradeError
from app.core.i18n import _

RESTORING, REPLACED = "restoring_", "replaced_"
_LOOK_SECONDS = 0.5
JOURNAL = "restore.json"


@dataclass(frozen=True)
class Target:
    """Where to: `newest_migration` is what this version's code knows, `read_secret` gives this appliance's keys."""

    source: Source
    read_secret: Read
    newest_migration: int


def preflight(shelf: Shelf, backup: Backup, target: Target, progress: Progress | None = None) -> Manifest:
    """Look at everything that could stop a restore; nothing is changed. Raises BackupUnusable or BackupFailed with the reason."""
    manifest = verify(backup, progress)
    check_fits(manifest, target.read_secret, target.newest_migration)
    last = next((kept.manifest.size for kept in shelf.backups() if kept.manifest), manifest.size)
    disk = disk_of(target.source.server, target.source.database)
    check_room(shelf.root, disk, saved=last + last // 4, loaded=manifest.size * UNPACKED)
    return manifest


def restore(
    shelf: Shelf,
    backup: Backup,
    target: Target,
    clock: Clock,
    progress: Progress | None = None,
    *,
    accept_broken: bool = False,
    mark: str = "",
) -> dict[str, Any]:
    """Switch the database to the backup; only while holding the lock and with nobody writing. `settle` or `go_back` must follow.

    Data that contradicts itself is refused unless `accept_broken`: where every backup is so, a person may want it all the same.
    `mark` stands in the journal: who began a restore knows by it whether what was left behind is theirs to undo.
    Raises RestoreFailed, and then the data is what it was.
    """
    progress = progress or Silent()
    journal = shelf.work / JOURNAL
    if journal.exists():
        raise RestoreFailed(_("An earlier restore was not brought to its end. Undo it first: scripts/restore.sh --undo"))
    manifest = preflight(shelf, backup, target, progress)
    source = target.source
    safety = _safety(shelf, source, clock, progress)
    record: dict[str, Any] = {"backup": backup.id, "safety": safety, "began_at": clock.now().isoformat(), "mark": mark}
    write_json(journal, record | {"step": "beside"})
    try:
        with source.server.client() as client:
            db = client[source.database]
            _drop(db, RESTORING)
            load(source.server, backup.archive, manifest.database, f"{source.database}.{RESTORING}", progress=progress)
            progress.step("compare", manifest.documents)
            wrong = differences(manifest.collections, read_contents(db, RESTORING, progress.done))
            if wrong:
                raise RestoreFailed(_("What came back is not what was saved: {what}", what=" ".join(wrong[:5])))
            progress.step("invariants")
            if not accept_broken and (broken := contradiction(Restored(db, manifest.started_at, RESTORING))):
                raise RestoreFailed(_contradiction(broken))
            progress.step("switch")
            live = _live(db)
            write_json(journal, record | {"step": "switch", "live": live, "restored": sorted(manifest.collections)})
            _switch(db, live, manifest.collections)
            _reload(source, db, _dotted(manifest.collections), backup.archive, manifest.database)
            again = {name: manifest.collections[name] for name in _dotted(manifest.collections)}
            wrong = differences(again, {name: read_collection(db, name) for name in again})
            if wrong:
                raise RestoreFailed(_("What came back is not what was saved: {what}", what=" ".join(wrong[:5])))
    except (PyMongoError, TradeError, OSError) as error:
        raise _undone(shelf, source, error) from error
    write_json(journal, record | {"step": "done", "live": live, "restored": sorted(manifest.collections)})
    return record


def _contradiction(broken: str) -> str:
    return _(
        "The backup contradicts itself: {what}. Use another one; to take it as it is: scripts/restore.sh BACKUP --accept-broken.",
        what=broken,
    )


def settle(shelf: Shelf, source: Source) -> None:
    """The restored data works: drop what was there before (the safety dump stays)."""
    _journal(shelf)
    with source.server.client() as client:
        _drop(client[source.database], REPLACED)
    (shelf.work / JOURNAL).unlink()


def go_back(shelf: Shelf, source: Source) -> None:
    """Undo a restore, whole or cut short: the data is what it was before it. Harmless to repeat."""
    journal = _journal(shelf)
    with source.server.client() as client:
        db = client[source.database]
        if journal.get("step") in {"switch", "done"}:
            there = set(db.list_collection_names())
            for name in _plain(journal["live"]):
                if REPLACED + name in there:
                    db[REPLACED + name].rename(name, dropTarget=True)
            # Restored, or made since by migrations or services: nothing of it was there before.
            for name in set(_live(db)) - set(journal["live"]):
                db.drop_collection(name)
            if dotted := _dotted(journal["live"]):
                safety = shelf.find(journal["safety"])
                _reload(source, db, dotted, safety.archive, source.database)
        _drop(db, RESTORING)
    (shelf.work / JOURNAL).unlink()


def unfinished(shelf: Shelf) -> dict[str, Any] | None:
    """The journal of a restore that neither settled nor went back."""
    return read_json(shelf.work / JOURNAL) if (shelf.work / JOURNAL).exists() else None


def load(
    server: Server,
    archive: Path,
    database: str,
    prefix: str,
    names: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> None:
    """mongorestore `archive`, or the collections `names` of it, so that `database.<name>` becomes `<prefix><name>`.

    How far it is, is told in bytes of the archive. Raises RestoreFailed with its last words.
    """
    progress = progress or Silent()
    progress.step("restore", archive.stat().st_size)
    options = ["--archive", "--gzip", "--quiet", "--stopOnError"]
    for pattern in ["*"] if names is None else map(_literally, names):
        options += [f"--nsInclude={database}.{pattern}", f"--nsFrom={database}.{pattern}", f"--nsTo={prefix}{pattern}"]
    with server.command("mongorestore", *options) as command, archive.open("rb") as file:
        process = start(command, stdin=file)
        assert process.stderr
        words = LastWords(process.stderr)
        try:
            code = _follow(process, file.fileno(), progress)
        finally:
            end(process)
    if code != 0:
        raise RestoreFailed(_("mongorestore did not end well: {reason}", reason=words.text() or killed()))


def _follow(process: subprocess.Popen[bytes], number: int, progress: Progress) -> int:
    """The tool's exit code. It reads the file that we opened: where it is in it, is where we are."""
    while True:
        try:
            return process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            progress.done(os.lseek(number, 0, os.SEEK_CUR))


def _safety(shelf: Shelf, source: Source, clock: Clock, progress: Progress) -> str | None:
    """The dump of what is there; None when there is nothing. Raises RestoreFailed: without it nothing is touched."""
    try:
        with source.server.client() as client:
            if not _live(client[source.database]):
                return None
        return make_backup(shelf, SAFETY, source, "safety", clock, progress)
    except (BackupFailed, PyMongoError) as error:
        reason = error.detail if isinstance(error, BackupFailed) else str(error).split(",")[0]
        raise RestoreFailed(
            _("The data that is there could not be saved first, so nothing was changed: {reason}", reason=reason)
        ) from error


def _undone(shelf: Shelf, source: Source, error: Exception) -> RestoreFailed:
    """Go back and say so; where even that fails, say what to do."""
    reason = error.detail if isinstance(error, TradeError) else str(error).split(", full error")[0].split(", Timeout")[0]
    try:
        go_back(shelf, source)
    except PyMongoError:
        return RestoreFailed(
            _("{reason} The database does not answer, so it could not be undone yet: scripts/restore.sh --undo", reason=reason)
        )
    return RestoreFailed(_("{reason} Everything was undone: the data is what it was before.", reason=reason))


def _switch(db: Database[Any], live: Iterable[str], restored: Iterable[str]) -> None:
    for name in _plain(live):
        db[name].rename(REPLACED + name, dropTarget=True)
    for name in _plain(restored):
        db[RESTORING + name].rename(name)
    for name in _dotted([*live, *restored]):
        db.drop_collection(name)
        db.drop_collection(RESTORING + name)


def _reload(source: Source, db: Database[Any], names: list[str], archive: Path, database: str) -> None:
    """The dotted collections `names`, anew from an archive."""
    if not names:
        return
    for name in names:
        db.drop_collection(name)
    load(source.server, archive, database, f"{source.database}.", names)


def _plain(names: Iterable[str]) -> list[str]:
    return [name for name in names if "." not in name]


def _dotted(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if "." in name})


def _literally(name: str) -> str:
    """A name as mongorestore's patterns take it."""
    return name.replace("\\", "\\\\").replace("*", "\\*")


def _live(db: Database[Any]) -> list[str]:
    names = (str(described["name"]) for described in db.list_collections() if described.get("type") != "view")
    return sorted(name for name in names if not name.startswith((RESTORING, REPLACED, "system.")))


def _drop(db: Database[Any], prefix: str) -> None:
    for name in db.list_collection_names():
        if name.startswith(prefix):
            db.drop_collection(name)


def _journal(shelf: Shelf) -> dict[str, Any]:
    found = read_json(shelf.work / JOURNAL)
    if found is None:
        raise BackupUnusable(_("No restore is under way."))
    return found
