"""The archive as it is packed and written beside the reading."""

import gzip
import hashlib
import io
import random
from collections.abc import Iterable, Iterator
from typing import IO

import pytest

from app.backup.packer import Packer

PIECES = [random.Random(number).randbytes(500) * 200 for number in range(20)]


class Full(io.BytesIO):
    """A disk on which nothing fits."""

    def write(self, _packed: object) -> int:
        raise OSError(28, "No space left on device")


def _pack(pieces: Iterable[bytes], file: IO[bytes]) -> Packer:
    with Packer(file) as packed:
        for piece in pieces:
            packed.take(piece)
    return packed


def test_what_was_taken_can_be_unpacked_and_size_and_hash_are_those_of_what_was_written() -> None:
    file = io.BytesIO()
    packed = _pack(PIECES, file)
    assert gzip.decompress(file.getvalue()) == b"".join(PIECES)
    assert packed.size == len(file.getvalue())
    assert packed.sha256.hexdigest() == hashlib.sha256(file.getvalue()).hexdigest()


def test_nothing_taken_is_an_archive_of_nothing() -> None:
    file = io.BytesIO()
    _pack([], file)
    assert gzip.decompress(file.getvalue()) == b""


def test_a_full_disk_is_heard_of_while_more_is_given() -> None:
    given = iter(PIECES * 100)
    with pytest.raises(OSError, match="No space left"):
        _pack(given, Full())
    assert len(list(given)) > 1980


def test_a_full_disk_is_heard_of_at_the_end() -> None:
    with pytest.raises(OSError, match="No space left"):
        _pack([b"little"], Full())


def test_trouble_while_reading_is_what_is_told() -> None:
    def damaged() -> Iterator[bytes]:
        yield PIECES[0]
        raise ValueError("what was read is wrong")

    with pytest.raises(ValueError, match="read is wrong"):
        _pack(damaged(), Full())
