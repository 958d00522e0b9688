"""A file that others append lines to and turn (rename) now and then, read from where reading stopped."""

import os
from dataclasses import dataclass
from pathlib import Path

_KEPT = 5  # turned files that are looked through for the one that was being read
_MOST = 1024 * 1024  # bytes at a time


@dataclass(frozen=True)
class LineFile:
    """`path` may not exist yet. A position is "inode:offset"; "" is the beginning."""

    path: Path

    def read(self, position: str) -> tuple[list[str], str]:
        """The whole lines after `position`, and the position after them. Raises OSError."""
        inode, offset = _parse(position)
        lines: list[str] = []
        try:
            present = self.path.stat()
        except FileNotFoundError:
            lines, offset = self._rest_of_turned(inode, offset)
            return lines, f"{inode}:{offset}"
        if inode and present.st_ino != inode:
            lines, offset = self._rest_of_turned(inode, offset)[0], 0
        elif present.st_size < offset:  # emptied in place
            offset = 0
        elif present.st_size == offset:
            return [], position
        more, offset = _lines(self.path, offset)
        return lines + more, f"{present.st_ino}:{offset}"

    def _rest_of_turned(self, inode: int, offset: int) -> tuple[list[str], int]:
        for number in range(1, _KEPT + 1):
            turned = self.path.with_name(f"{self.path.name}.{number}")
            if turned.exists() and turned.stat().st_ino == inode:
                return _lines(turned, offset)
        return [], offset


def _lines(path: Path, offset: int) -> tuple[list[str], int]:
    """A line without its end yet is left for the next time."""
    with path.open("rb") as file:
        file.seek(offset, os.SEEK_SET)
        content = file.read(_MOST)
    whole = content[: content.rfind(b"\n") + 1]
    if not whole and len(content) == _MOST:
        whole = content  # no line is this long: whatever it is, go on behind it
    return [line.decode(errors="replace") for line in whole.splitlines() if line.strip()], offset + len(whole)


def _parse(position: str) -> tuple[int, int]:
    inode, _colon, offset = position.partition(":")
    return (int(inode), int(offset)) if inode.isdigit() and offset.isdigit() else (0, 0)
