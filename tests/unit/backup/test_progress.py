"""How far a restore is: in the archive while it is loaded, in documents while it is compared."""

import stat
from pathlib import Path

from pydantic import SecretStr

from app.backup.restore import load
from app.backup.server import Server, read_contents


class Heard:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.steps, self.counts = list[tuple[str, int]](), list[int]()

    def step(self, name: str, total: int = 0) -> None:
        self.steps.append((name, total))

    def done(self, count: int) -> None:
        self.counts.append(count)


def test_loading_tells_how_much_of_the_archive_was_read(tmp_path: Path) -> None:
    tool = tmp_path / "mongorestore"
    tool.write_text("#!/bin/sh\nhead -c 400000 >/dev/null; sleep 1.2; cat >/dev/null\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "archive.gz").write_bytes(b"x" * 1_000_000)
    heard = Heard()
    load(Server("nowhere", 1, "x", SecretStr("x"), tmp_path), tmp_path / "archive.gz", "db", "db.", progress=heard)
    assert heard.steps == [("restore", 1_000_000)]
    assert 0 < heard.counts[0] < 1_000_000


class Documents:
    """A collection of `count` empty documents, in batches of two."""

    def __init__(self, count: int) -> None:
        self._batches = [b"\5\0\0\0\0" * 2] * (count // 2)

    def find_raw_batches(self, batch_size: int) -> list[bytes]:
        return self._batches

    def list_indexes(self) -> list[dict[str, object]]:
        return []


class Database:
    """Two collections of six and four."""

    def list_collections(self) -> list[dict[str, object]]:
        return [{"name": "a"}, {"name": "b"}, {"name": "system.views"}]

    def get_collection(self, name: str, codec_options: object = None) -> Documents:
        return Documents({"a": 6, "b": 4}[name])

    __getitem__ = get_collection


def test_comparing_tells_how_many_documents_were_read() -> None:
    heard = Heard()
    read_contents(Database(), seen=heard.done)  # type: ignore[arg-type]
    assert heard.counts == [2, 4, 6, 8, 10]
