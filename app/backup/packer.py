"""Compresses an archive and writes it, in a thread of its own: a second processor packs while the first reads along."""

import hashlib
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import IO, Self

_LEVEL = 5  # of gzip: half the processor time of its usual 6 for a twentieth more bytes (docs/decisions/0241)
_AHEAD = 4  # pieces that wait to be packed


class Packer:
    """`size` bytes were written, and `sha256` is their hash; both are complete when the block has ended well."""

    def __init__(self, file: IO[bytes]) -> None:
        self.sha256, self.size = hashlib.sha256(), 0
        self._file = file
        self._zip = zlib.compressobj(_LEVEL, wbits=31)
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="packer")
        self._open: deque[Future[None]] = deque()

    def take(self, piece: bytes) -> None:
        """The next piece. Raises OSError when one before it could not be written."""
        while len(self._open) >= _AHEAD:
            self._open.popleft().result()
        self._open.append(self._hands.submit(self._pack, piece))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Waits for what is being packed; raises OSError when the rest cannot be written."""
        try:
            if error is None:
                while self._open:
                    self._open.popleft().result()
                self._write(self._zip.flush())
        finally:
            self._hands.shutdown(cancel_futures=True)

    def _pack(self, piece: bytes) -> None:
        self._write(self._zip.compress(piece))

    def _write(self, packed: bytes) -> None:
        self._file.write(packed)
        self.sha256.update(packed)
        self.size += len(packed)
