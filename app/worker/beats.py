"""When each process of the worker last showed that it lives: a small array in memory that all of them share."""

import mmap
import struct
import time

_SLOT = struct.Struct("d")


class Beats:
    """`count` slots of monotonic seconds. Made before forking; writing and reading 8 aligned bytes needs no lock."""

    def __init__(self, count: int) -> None:
        self._shared = mmap.mmap(-1, _SLOT.size * count)
        self._count = count
        for slot in range(count):
            self.beat(slot)

    def beat(self, slot: int) -> None:
        """`slot` lives now."""
        _SLOT.pack_into(self._shared, slot * _SLOT.size, time.monotonic())

    def ages(self) -> list[float]:
        """Seconds since each slot's last beat."""
        moment = time.monotonic()
        return [moment - _SLOT.unpack_from(self._shared, slot * _SLOT.size)[0] for slot in range(self._count)]
