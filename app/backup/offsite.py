"""A copy of a backup elsewhere, through rclone: streamed, sealed if a recovery key is set, read back and compared there."""

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyrage

from app.backup.dump import LastWords, end, killed
from app.backup.errors import OffsiteFailed
from app.backup.manifest import ARCHIVE, FILE
from app.backup.progress import Progress, Silent
from app.backup.server import start
from app.backup.shelf import COPIED, Backup, write_json
from app.core.clock import Clock
from app.core.i18n import _

_PIECE = 1 << 20
# Once and with an end: a target that is down must fail the copy, not hold the lock for hours.
_PATIENCE = ("--contimeout=20s", "--timeout=60s", "--retries=1", "--low-level-retries=3")
# Of 10,000 some are left for what sealing adds.
_SMALLEST_PART, _MOST_PARTS = 5 << 20, 9000
# One that trickles keeps rclone content and the lock taken: below this pace it counts as failed.
_GRACE_SECONDS = 600.0
_LEAST_PACE = 100_000  # bytes a second


@dataclass(frozen=True)
class Elsewhere:
    """`target`: a folder or an rclone remote with its path. `recipient`: an age public key ("age1..."), "" leaves copies open."""

    target: str
    recipient: str
    config: Path
    rclone: str = "rclone"
    grace_seconds: float = _GRACE_SECONDS

    @contextmanager
    def command(self, *arguments: str, size: int, **streams: Any) -> Iterator[tuple[subprocess.Popen[bytes], LastWords]]:
        """rclone at work on `size` bytes. Raises OffsiteFailed when it is not there, or takes longer than its time."""
        path = shutil.which(self.rclone)
        if path is None:
            raise OffsiteFailed(_("rclone is not installed here. Run it in the container: docker compose exec backup"))
        process = start([path, "--config", str(self.config), *_PATIENCE, *arguments], **streams)
        assert process.stderr
        words = LastWords(process.stderr)
        seconds = self.grace_seconds + size / _LEAST_PACE
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield process, words
        except OffsiteFailed as error:
            if late.is_set():
                raise OffsiteFailed(_too_slow(seconds)) from error
            raise
        finally:
            timer.cancel()
            end(process)


def copy_out(backup: Backup, elsewhere: Elsewhere, clock: Clock, progress: Progress | None = None) -> dict[str, Any]:
    """Copy and compare; the manifest goes last, so that a copy with a manifest is whole. What is stored beside the backup.

    Raises OffsiteFailed naming what the target said.
    """
    progress = progress or Silent()
    recipient = _recipient(elsewhere.recipient)
    suffix = ".age" if recipient else ""
    stored: dict[str, Any] = {"target": elsewhere.target, "at": clock.now().isoformat(), "sealed": bool(recipient), "files": {}}
    for name in (ARCHIVE, FILE):
        there = f"{elsewhere.target.rstrip('/')}/{backup.id}/{name}{suffix}"
        progress.step("offsite")
        sent = _send(backup.folder / name, there, elsewhere, recipient)
        progress.step("compare")
        found = _hash_there(there, elsewhere, (backup.folder / name).stat().st_size)
        if found != sent:
            raise OffsiteFailed(_("What lies at {there} is not what was sent. The local backup is whole.", there=there))
        stored["files"][name + suffix] = sent
    write_json(backup.folder / COPIED, stored)
    return stored


def _too_slow(seconds: float) -> str:
    return _(
        "The target is too slow: it was not done within {minutes} minutes, so it was given up. The local backup is whole.",
        minutes=max(round(seconds / 60), 1),
    )


class _Hashing:
    """A writable file that knows the SHA-256 of what went through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self.sha256.update(piece)
        return self._file.write(piece)

    def flush(self) -> None:
        self._file.flush()


def part_bytes(size: int) -> int:
    """How large the parts of an upload to S3 must be: a store takes 10,000, and rclone does not know how long a stream is."""
    return max(_SMALLEST_PART, -(-size // _MOST_PARTS))


def _send(path: Path, there: str, elsewhere: Elsewhere, recipient: pyrage.x25519.Recipient | None) -> str:
    size = path.stat().st_size
    parts = f"--s3-chunk-size={part_bytes(size)}B"
    with elsewhere.command(parts, "rcat", there, size=size, stdin=subprocess.PIPE) as (process, words), path.open("rb") as file:
        assert process.stdin
        through = _Hashing(process.stdin)
        try:
            if recipient is not None:
                pyrage.encrypt_io(file, through, [recipient])
            else:
                shutil.copyfileobj(file, through, _PIECE)
            process.stdin.close()
        except (OSError, pyrage.EncryptError):
            process.kill()  # rclone's own last words say why it hung up
        if process.wait() != 0:
            raise OffsiteFailed(_("It could not be copied to {there}: {reason}", there=there, reason=words.text() or killed()))
    return through.sha256.hexdigest()


def _hash_there(there: str, elsewhere: Elsewhere, size: int) -> str:
    sha256 = hashlib.sha256()
    with elsewhere.command("cat", there, size=size, stdout=subprocess.PIPE) as (process, words):
        assert process.stdout
        while piece := process.stdout.read(_PIECE):
            sha256.update(piece)
        if process.wait() != 0:
            raise OffsiteFailed(_("{there} could not be read back: {reason}", there=there, reason=words.text()))
    return sha256.hexdigest()


def _recipient(text: str) -> pyrage.x25519.Recipient | None:
    if not text:
        return None
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise OffsiteFailed(_("BACKUP_OFFSITE_RECIPIENT is no age public key (age1...). Nothing was copied.")) from error
