"""The proof: a backup restored in full into a throwaway database, read back, and compared with what was dumped."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from app.backup.contents import differences
from app.backup.errors import BackupUnusable, DrillFailed, NoThrowaway, RestoreFailed
from app.backup.manifest import Manifest
from app.backup.progress import Progress, Silent
from app.backup.restore import load
from app.backup.server import Server, read_contents
from app.backup.shelf import PROOF, Backup, write_json
from app.backup.verify import verify
from app.core.clock import Clock
from app.core.i18n import _

_START_SECONDS = 90.0
_LOOK_SECONDS = 0.5
_WANT_SECONDS = 15.0

Check = Callable[[Server, Manifest], str]
"""Invariants of the restored data: what is wrong with it, "" when nothing is."""
Reading = Callable[[Server, Manifest], str]
"""Reads it as a person would and says what was read; raises DrillFailed (reading.py)."""


@dataclass(frozen=True)
class Throwaway:
    """The server of the container `drill`: it runs while the file `wanted` exists, and begins empty each time."""

    server: Server
    wanted: Path

    @contextmanager
    def running(self) -> Iterator[Server]:
        """The empty server, for the block. Raises DrillFailed when it does not come up."""
        over = threading.Event()
        wanting = threading.Thread(target=self._want, args=(over,), daemon=True)
        wanting.start()
        try:
            self._await()
            yield self.server
        finally:
            over.set()
            wanting.join()
            self.wanted.unlink(missing_ok=True)

    def _want(self, over: threading.Event) -> None:
        """Say again and again that it is needed: when we are killed, the container must not wait for us for ever."""
        self.wanted.parent.mkdir(parents=True, exist_ok=True)
        self.wanted.touch()
        while not over.wait(_WANT_SECONDS):
            self.wanted.touch()

    def _await(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with self.server.client() as client:
                    client.admin.command("ping")
                    client.admin.command("listDatabases")  # needs the sign-in, which comes last
                    return
            except PyMongoError as error:
                if time.monotonic() > deadline:
                    text = _(
                        "The throwaway database did not start ({reason}). See: docker compose logs drill", reason=_short(error)
                    )
                    raise NoThrowaway(text) from error
                time.sleep(_LOOK_SECONDS)


def drill(
    backup: Backup,
    throwaway: Throwaway,
    check: Check,
    clock: Clock,
    progress: Progress | None = None,
    read: Reading = lambda _server, _manifest: "",
) -> dict[str, Any]:
    """The proof, also stored beside the backup: when, how long each part took, how much was compared.

    Raises DrillFailed; when it was for the backup's own sake, that too is stored, and it does not count as proven any more.
    """
    began, at = time.monotonic(), clock.now()
    proof: dict[str, Any] = {"backup": backup.id, "at": at.isoformat(), "ok": False}
    try:
        proof |= _prove(backup, throwaway, check, read, progress or Silent()) | {"ok": True}
    except PyMongoError as error:
        raise NoThrowaway(_("The throwaway database failed: {reason}", reason=_short(error))) from error
    except NoThrowaway:
        raise
    except (BackupUnusable, RestoreFailed, DrillFailed) as error:
        write_json(backup.folder / PROOF, proof | {"reason": error.detail})
        raise DrillFailed(error.detail) from error
    proof["seconds"] = round(time.monotonic() - began, 1)
    write_json(backup.folder / PROOF, proof)
    return proof


def withdraw_proof(backup: Backup, reason: str, clock: Clock) -> None:
    """What was proven once and is found damaged counts as proven no more."""
    found = {"backup": backup.id, "at": clock.now().isoformat(), "ok": False, "reason": reason, "damaged": True}
    write_json(backup.folder / PROOF, found)


def _prove(backup: Backup, throwaway: Throwaway, check: Check, read: Reading, progress: Progress) -> dict[str, Any]:
    manifest = verify(backup, progress)
    with throwaway.running() as server, server.client() as client:
        if client[manifest.database].list_collection_names():
            raise NoThrowaway(_("The throwaway database is not empty, so it may not be one: nothing was done to it."))
        began = time.monotonic()
        load(server, backup.archive, manifest.database, f"{manifest.database}.", progress=progress)
        restored = time.monotonic()
        progress.step("compare", manifest.documents)
        wrong = differences(manifest.collections, read_contents(client[manifest.database], seen=progress.done))
        if wrong:
            raise DrillFailed(_("What came back is not what was saved: {what}", what=" ".join(wrong[:5])))
        progress.step("invariants")
        broken = check(server, manifest)
        if broken:
            raise DrillFailed(_("The restored data contradicts itself: {what}", what=broken))
        compared = time.monotonic()
        progress.step("reading")
        return {
            "reading": read(server, manifest),
            "documents": manifest.documents,
            "collections": len(manifest.collections),
            "restore_seconds": round(restored - began, 1),
            "compare_seconds": round(compared - restored, 1),
        }


def _short(error: Exception) -> str:
    return str(error).split(",")[0][:200]
