"""The documents of an archive, one after the other, without a database: for whoever wants a few of them."""

import struct
import zlib
from collections.abc import Collection, Iterator

from app.backup.archive import ArchiveReader, damaged
from app.backup.contents import Digest
from app.backup.progress import Progress, Silent
from app.backup.shelf import Backup

_PIECE = 1 << 18
_UNPACKED_PIECE = 4 << 20
_length = struct.Struct("<I")

Found = tuple[str, bytes]
"""The collection's name, and the document's BSON."""


def documents(backup: Backup, names: Collection[str], progress: Progress | None = None) -> Iterator[Found]:
    """Every document of the collections `names`, in the archive's order, a piece in memory at a time. Raises BackupUnusable."""
    progress = progress or Silent()
    found: list[Found] = []
    reader = ArchiveReader(lambda name: _Handing(name, found) if name in names else Digest())
    for piece in _unpacked(backup):
        reader.feed(piece)
        progress.done(reader.documents)
        yield from found
        found.clear()
    reader.finish()


class _Handing:
    """Takes in a collection's documents and hands them on."""

    def __init__(self, name: str, found: list[Found]) -> None:
        self.count, self._name, self._found = 0, name, found

    def add_all(self, buffer: memoryview, at: int = 0) -> int:
        """As Digest.add_all: where the first document stands that is not whole."""
        end = len(buffer)
        while end - at >= 5:
            (length,) = _length.unpack_from(buffer, at)
            if not 5 <= length <= end - at:
                break
            self._found.append((self._name, bytes(buffer[at : at + length])))
            at += length
            self.count += 1
        return at

    def hexdigest(self) -> str:
        """Nobody compares it: the backup was verified before."""
        return ""


def _unpacked(backup: Backup) -> Iterator[bytes]:
    unzip = zlib.decompressobj(wbits=31)
    try:
        with backup.archive.open("rb") as file:
            while rest := file.read(_PIECE):
                while rest:
                    yield unzip.decompress(rest, _UNPACKED_PIECE)
                    rest = unzip.unconsumed_tail
    except zlib.error as error:
        raise damaged() from error
