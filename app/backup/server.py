"""A MongoDB server as the database tools and the driver reach it; the password is never on a command line."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pydantic import SecretStr
from pymongo.database import Database

from app.backup.contents import Collection, Contents, Digest
from app.backup.errors import BackupFailed
from app.backup.indexes import canonical_options, sorted_indexes
from app.core import slow_calls
from app.core.i18n import _

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True)
class Server:
    """`tools`: the folder with mongodump and mongorestore, None takes them from PATH; `slow_milliseconds`: see slow_calls.py."""

    host: str
    port: int
    user: str
    password: SecretStr = field(repr=False)
    tools: Path | None = None
    timeout_seconds: float = 10.0
    slow_milliseconds: int = 0

    @contextmanager
    def client(self) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
        """An open client; closed at the end of the block."""
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            host=self.host,
            port=self.port,
            username=self.user,
            password=self.password.get_secret_value(),
            authSource="admin",
            appname="tradeai-backup",
            serverSelectionTimeoutMS=int(self.timeout_seconds * 1000),
            retryWrites=False,
            directConnection=True,
            tz_aware=True,
            event_listeners=slow_calls.listeners(self.slow_milliseconds),
        )
        with client:
            yield client

    @contextmanager
    def command(self, tool: str, *options: str) -> Iterator[list[str]]:
        """The command line of `tool`, signed in through a file that only we can read and that is gone afterwards."""
        path = shutil.which(tool, path=str(self.tools) if self.tools else None)
        if path is None:
            raise BackupFailed(_("{tool} is not installed here. Run it in the container: docker compose exec backup", tool=tool))
        with tempfile.NamedTemporaryFile("w", prefix="sign-in-", suffix=".yml") as config:
            os.chmod(config.name, 0o600)
            uri = f"mongodb://{self.user}@{self.host}:{self.port}/?authSource=admin&directConnection=true"
            # A JSON string is a YAML string: whatever is in the password is quoted right.
            config.write(f"uri: {json.dumps(uri)}\npassword: {json.dumps(self.password.get_secret_value())}\n")
            config.flush()
            yield [path, "--config", config.name, *options]


def start(command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    """Run a tool that is killed when we are: one that went on alone would write into what the next run clears away."""
    return subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_die_with_us, **streams)


def _die_with_us() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def read_contents(db: Database[Any], prefix: str = "", seen: Callable[[int], None] = lambda _count: None) -> Contents:
    """What the database holds in collections whose names begin with `prefix`, read back in full; names without the prefix.

    `seen` is told how many documents were read so far.
    """
    found: dict[str, Collection] = {}
    before = 0
    for described in db.list_collections():
        name = str(described["name"])
        if not name.startswith(prefix) or name.startswith("system.") or described.get("type") == "view":
            continue
        one = read_collection(db, name, described.get("options", {}), partial(_add, seen, before))
        before += one.count
        found[name.removeprefix(prefix)] = one
    return found


def _add(seen: Callable[[int], None], before: int, count: int) -> None:
    seen(before + count)


def read_collection(
    db: Database[Any],
    name: str,
    options: Mapping[str, Any] | None = None,
    seen: Callable[[int], None] = lambda _count: None,
) -> Collection:
    """One collection, read back in full; its options are asked for unless they are known."""
    if options is None:
        options = next((found.get("options", {}) for found in db.list_collections(filter={"name": name})), {})
    digest = Digest()
    collection = db.get_collection(name, codec_options=_RAW)
    for batch in collection.find_raw_batches(batch_size=2000):
        digest.add_all(memoryview(batch))
        seen(digest.count)
    indexes = [dict(index) for index in db[name].list_indexes()]
    return Collection(digest.count, digest.hexdigest(), sorted_indexes(indexes), canonical_options(options))
