"""One database into one archive: streamed from mongodump to the disk, read along for the manifest, never held in memory."""

import hashlib
import subprocess
import threading
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pymongo.errors import PyMongoError

from app import __version__
from app.backup.archive import ArchiveReader
from app.backup.errors import BackupFailed, BackupUnusable
from app.backup.manifest import ARCHIVE, FILE, Manifest
from app.backup.progress import Progress, Silent
from app.backup.server import Server, start
from app.backup.shelf import PARTIAL, Shelf
from app.backup.space import check_space
from app.core.clock import Clock
from app.core.i18n import _

_PIECE = 1 << 20
_LAST_WORDS = 5


@dataclass(frozen=True)
class Source:
    """What is dumped. `secrets` is the fingerprint of the keys (fingerprint.py)."""

    server: Server
    database: str
    secrets: Mapping[str, str]


class ReadAlong:
    """Takes in the compressed archive piece by piece: hash and size of the file, contents of the archive."""

    def __init__(self) -> None:
        self.sha256, self.size = hashlib.sha256(), 0
        self.reader = ArchiveReader()
        self._unzip = zlib.decompressobj(wbits=31)

    def take(self, piece: bytes) -> None:
        self.sha256.update(piece)
        self.size += len(piece)
        try:
            rest = piece
            while rest:
                self.reader.feed(self._unzip.decompress(rest, 4 * _PIECE))
                rest = self._unzip.unconsumed_tail
        except zlib.error as error:
            raise BackupUnusable(_("The archive is damaged. Use another backup.")) from error

    @property
    def whole(self) -> bool:
        return self._unzip.eof


def make_backup(shelf: Shelf, kind: str, source: Source, reason: str, clock: Clock, progress: Progress | None = None) -> str:
    """The id of a new backup; only while holding the lock. Raises BackupFailed, and then nothing is left behind."""
    progress = progress or Silent()
    started_at = clock.now()
    expected, migration = _ask_before(source)
    progress.step("dump", expected)
    check_space(shelf.root, _guess(shelf, kind))
    with shelf.writing(kind, started_at) as folder:
        read = _dump(source, folder / ARCHIVE, progress)
        try:
            contents = read.reader.finish()
        except BackupUnusable as error:
            raise BackupFailed(_("mongodump ended well but its archive is not whole: {reason}", reason=error.detail)) from error
        if not contents:
            raise BackupFailed(_("The database {name} is empty: there is nothing to back up.", name=source.database))
        manifest = Manifest(
            id=folder.name.removesuffix(PARTIAL),
            reason=reason,
            database=source.database,
            started_at=started_at,
            ended_at=clock.now(),
            size=read.size,
            sha256=read.sha256.hexdigest(),
            collections=contents,
            migration=migration,
            app_version=__version__,
            server_version=read.reader.server_version,
            tool_version=read.reader.tool_version,
            secrets=source.secrets,
        )
        (folder / FILE).write_text(manifest.as_json())
    return manifest.id


def _guess(shelf: Shelf, kind: str) -> int:
    """A little more than the last one took, before anything is known better."""
    last = next((backup.manifest.size for backup in shelf.backups(kind) if backup.manifest), 0)
    return last + last // 4


def _ask_before(source: Source) -> tuple[int, int]:
    """(documents there are about, number of the migration). Raises BackupFailed when the server does not answer."""
    try:
        with source.server.client() as client:
            db = client[source.database]
            names = [name for name in db.list_collection_names() if not name.startswith("system.")]
            last: dict[str, Any] | None = db["migrations"].find_one(sort=[("_id", -1)])
            number = last["_id"] if last and isinstance(last["_id"], int) else 0
            return sum(db[name].estimated_document_count() for name in names), number
    except PyMongoError as error:
        raise BackupFailed(_("The database does not answer: {reason}", reason=str(error).split(",")[0])) from error


def _dump(source: Source, path: Path, progress: Progress) -> ReadAlong:
    read = ReadAlong()
    options = ("--archive", "--gzip", "--quiet", f"--db={source.database}")
    with source.server.command("mongodump", *options) as command, path.open("xb") as file:
        process = start(command, stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stderr
        words = LastWords(process.stderr)
        try:
            while piece := process.stdout.read(_PIECE):
                file.write(piece)
                read.take(piece)
                progress.done(read.reader.documents)
            code = process.wait()
        except BackupUnusable:
            code = -1
        finally:
            end(process)
    if code != 0 or not read.whole:
        raise BackupFailed(_("mongodump did not end well: {reason}", reason=words.text() or killed()))
    return read


class LastWords:
    """Reads a program's complaints as they come, so that it never waits for us, and remembers the last lines."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: deque[str] = deque(maxlen=_LAST_WORDS)
        self._reading = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reading.start()

    def text(self) -> str:
        """The last line that says something, without its time stamp."""
        self._reading.join(timeout=5)
        return self._lines[-1].split("\t", 1)[-1].strip() if self._lines else ""

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                if line.strip():
                    self._lines.append(line.decode(errors="replace")[:500])


def killed() -> str:
    """What is said of a program that ended without a word."""
    return _("it was killed, most likely by the memory limit of its container; if it happens again, raise mem_limit of backup")


def end(process: subprocess.Popen[bytes]) -> None:
    """No program of ours outlives its purpose."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):  # its complaints are read and closed by LastWords
        if stream is not None:
            stream.close()
