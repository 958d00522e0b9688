"""Reads mongodump's archive format as it flows by: contents of every collection, in the memory of one document.

Magic number, then the prelude (a header and one document a collection, ended by a terminator), then blocks: a block header naming
the collection, documents, a terminator. Blocks of different collections alternate; the last block of each says EOF.
"""

import struct
from collections.abc import Callable
from typing import Any, Protocol

import bson
from bson import json_util

from app.backup.contents import Collection, Contents, Digest
from app.backup.errors import BackupUnusable
from app.backup.indexes import canonical_options, sorted_indexes
from app.core.i18n import _

_MAGIC = struct.pack("<I", 0x8199E26D)
_TERMINATOR = 0xFFFFFFFF
_LARGEST = 64 * 1024 * 1024  # of one document; the server's limit is 16 MB
_length = struct.Struct("<I")


class Taker(Protocol):
    """What the documents of one collection go to."""

    @property
    def count(self) -> int: ...
    def add_all(self, buffer: memoryview, at: int = 0) -> int: ...
    def hexdigest(self) -> str: ...


class ArchiveReader:
    """Feed it the uncompressed archive in pieces of any size; `finish` gives the contents. Raises BackupUnusable.

    `taker` makes, for a collection's name, what its documents go to: the digest, unless somebody wants the documents themselves.
    """

    def __init__(self, taker: Callable[[str], Taker] = lambda _name: Digest()) -> None:
        self._taker = taker
        self.server_version = self.tool_version = ""
        self.documents = 0
        self._rest = bytearray()
        self._metadata: dict[str, dict[str, Any]] = {}
        self._digests: dict[str, Taker] = {}
        self._ended: set[str] = set()
        self._digest: Taker | None = None
        self._header: str | None = None  # the collection whose block is open
        self._next: Callable[[memoryview], None] = self._archive_header
        self._began = False

    def feed(self, piece: bytes) -> None:
        """Take in what comes next."""
        self._rest += piece
        if not self._began and not self._begins():
            return
        at = 0
        rest, end = memoryview(bytes(self._rest)), len(self._rest)
        while end - at >= 4:
            if self._digest is not None:
                before = self._digest.count
                at = self._digest.add_all(rest, at)
                self.documents += self._digest.count - before
                if end - at < 4:
                    break
            (length,) = _length.unpack_from(rest, at)
            if length == _TERMINATOR:
                self._terminator()
                at += 4
                continue
            if not 5 <= length <= _LARGEST:
                raise damaged()
            if end - at < length:
                break
            self._next(rest[at : at + length])
            at += length
        del self._rest[:at]

    def finish(self) -> Contents:
        """The contents by collection name. Raises BackupUnusable when the archive ended before it was complete."""
        between_blocks = self._next == self._block_header and self._header is None
        if not between_blocks or self._rest or self._ended != set(self._digests):
            raise BackupUnusable(_("The archive ends in the middle. Use another backup."))
        return {name: self._collection(name) for name in self._digests}

    def _begins(self) -> bool:
        if len(self._rest) < 4:
            return False
        if self._rest[:4] != _MAGIC:
            raise BackupUnusable(_("This is not an archive of mongodump. Use another backup."))
        del self._rest[:4]
        self._began = True
        return True

    def _archive_header(self, document: memoryview) -> None:
        header = _decode(document)
        self.server_version = str(header.get("server_version", ""))
        self.tool_version = str(header.get("tool_version", ""))
        self._next = self._collection_metadata

    def _collection_metadata(self, document: memoryview) -> None:
        described = _decode(document)
        name = str(described["collection"])
        text = described.get("metadata") or "{}"
        self._metadata[name] = json_util.loads(text) if isinstance(text, str) else {}
        if described.get("type") != "view":
            self._digests[name] = self._taker(name)

    def _block_header(self, document: memoryview) -> None:
        header = _decode(document)
        name = str(header["collection"])
        if name not in self._metadata:
            raise damaged()
        self._header = name
        if name not in self._digests:
            self._digests[name] = self._taker(name)
        self._digest = self._digests[name]
        if header["EOF"]:
            self._ended.add(name)
        self._next = self._document

    def _document(self, _document: memoryview) -> None:
        raise damaged()  # what is whole was taken in by the digest

    def _terminator(self) -> None:
        if self._next == self._archive_header:
            raise damaged()
        self._header = self._digest = None
        self._next = self._block_header

    def _collection(self, name: str) -> Collection:
        digest, metadata = self._digests[name], self._metadata[name]
        return Collection(
            count=digest.count,
            digest=digest.hexdigest(),
            indexes=sorted_indexes(metadata.get("indexes", [])),
            options=canonical_options(metadata.get("options", {})),
        )


def damaged() -> BackupUnusable:
    return BackupUnusable(_("The archive is damaged. Use another backup."))


def _decode(document: memoryview) -> dict[str, Any]:
    try:
        decoded: dict[str, Any] = bson.decode(bytes(document))
    except bson.InvalidBSON as error:
        raise damaged() from error
    return decoded
