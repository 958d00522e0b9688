"""Archives and backups as mongodump and `make_backup` would make them, without a server."""

import gzip
import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from app.backup.archive import ArchiveReader
from app.backup.fingerprint import fingerprint
from app.backup.manifest import ARCHIVE, FILE, Manifest
from app.backup.shelf import Backup, look

KEYS = {"secret_key": "the secret key"}
END = struct.pack("<I", 0xFFFFFFFF)
MOMENT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def archive(collections: Mapping[str, list[dict[str, Any]]], block: int = 2) -> bytes:
    """An uncompressed archive; documents of different collections alternate in blocks of `block`."""
    parts = [struct.pack("<I", 0x8199E26D)]
    parts.append(bson.encode({"concurrent_collections": 4, "version": "0.1", "server_version": "7.0.1", "tool_version": "100"}))
    metadata = json.dumps({"indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "options": {}})
    for name in collections:
        parts.append(bson.encode({"db": "trade", "collection": name, "metadata": metadata, "type": "collection", "size": 0}))
    parts.append(END)
    for at in range(0, max((len(documents) for documents in collections.values()), default=0), block):
        for name, documents in collections.items():
            if documents[at : at + block]:
                parts.append(bson.encode({"db": "trade", "collection": name, "EOF": False, "CRC": bson.Int64(0)}))
                parts += [bson.encode(document) for document in documents[at : at + block]]
                parts.append(END)
    for name in collections:
        parts += [bson.encode({"db": "trade", "collection": name, "EOF": True, "CRC": bson.Int64(1)}), END]
    return b"".join(parts)


@pytest.fixture
def backup(tmp_path: Path) -> Callable[..., Backup]:
    """`backup(...)`: a whole backup of three customers, in a folder of its own."""

    def make(name: str = "20260301T020000Z-ab12", folder: Path = tmp_path / "database", **changes: Any) -> Backup:
        raw = archive({"customers": [{"_id": number, "name": f"Shop {number}"} for number in range(3)], "empty": []})
        reader = ArchiveReader()
        reader.feed(raw)
        packed = gzip.compress(raw)
        facts: dict[str, Any] = {
            "id": name, "reason": "hand", "database": "trade", "started_at": MOMENT, "ended_at": MOMENT, "size": len(packed),
            "sha256": hashlib.sha256(packed).hexdigest(), "collections": reader.finish(), "migration": 1, "app_version": "0.1.0",
            "server_version": "7", "tool_version": "100", "secrets": fingerprint(KEYS.__getitem__),
        }  # fmt: skip
        (folder / name).mkdir(parents=True)
        (folder / name / ARCHIVE).write_bytes(packed)
        (folder / name / FILE).write_text(Manifest(**(facts | changes)).as_json())
        return look(folder / name)

    return make
