"""Text files: which encoding, which separator, and their rows; strict, so that a cut-off file is noticed."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from app.core.i18n import _
from app.trade.imports.models import MAX_CELL, Cell
from app.trade.imports.reading.table import Table, UnusableFile, column_names, is_empty

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_SAMPLE_LINES = 30
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
          "cp1252": "Windows-1252", "latin-1": "Latin-1"}  # fmt: skip

csv.field_size_limit(MAX_CELL * 4)


def open_text(stream: BinaryIO) -> Table:
    """A CSV-like file; raises UnusableFile."""
    encoding = detect_encoding(stream)
    sample, skip = _sample(stream, encoding)
    if not sample:
        raise UnusableFile(_("The file holds no rows. Export it again and check that it has a header and rows."))
    delimiter = detect_delimiter(sample)
    head = next(_rows(stream, encoding, delimiter, skip), None)
    if head is None:
        raise UnusableFile(_("The file holds no rows. Export it again and check that it has a header and rows."))
    header_row, cells = head
    notes = [] if encoding.startswith("utf-8") else [_("Read as {encoding}.", encoding=_NAMES[encoding])]

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        for number, row in _rows(stream, encoding, delimiter, skip):
            if number > header_row:
                yield number, row

    return Table("csv", column_names(cells), rows, notes, delimiter, encoding)


def detect_encoding(stream: BinaryIO) -> str:
    """The encoding by byte order mark, else UTF-16 by its zeros, else UTF-8 if all of it fits, else Windows-1252 or Latin-1."""
    stream.seek(0)
    start = stream.read(4096)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    if b"\0" in start:
        return _utf16_without_mark(start)
    decoder = codecs.getincrementaldecoder("utf-8")()
    single_byte_only_latin = multibyte = False
    utf8, block = True, start
    while block:
        if b"\0" in block:
            raise UnusableFile(_("The file is not a text table (it contains binary data). Upload a CSV or XLSX file."))
        if utf8:
            try:
                multibyte = not decoder.decode(block).isascii() or multibyte
            except UnicodeDecodeError:
                utf8 = False
        # five bytes have no letter in Windows-1252 but are control characters in Latin-1
        single_byte_only_latin = single_byte_only_latin or any(byte in block for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
        block = stream.read(_BLOCK)
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if multibyte:
                raise _cut_off("utf-8") from error
            utf8 = False  # one accented letter of another encoding as the very last byte
    if utf8:
        return "utf-8"
    return "latin-1" if single_byte_only_latin else "cp1252"


def _utf16_without_mark(start: bytes) -> str:
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(1, len(start) // 2)
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    raise UnusableFile(_("The file is not a text table (it contains binary data). Upload a CSV or XLSX file."))


def _sample(stream: BinaryIO, encoding: str) -> tuple[list[str], int]:
    """The first lines with something in them, and how many lines to leave out (Excel's `sep=;`)."""
    lines: list[str] = []
    skip = 0
    with _text(stream, encoding) as text:
        for _index in range(_SAMPLE_LINES * 3):
            try:
                line = text.readline(MAX_CELL * 10)
            except UnicodeDecodeError as error:
                raise _cut_off(encoding) from error
            if not line or len(lines) >= _SAMPLE_LINES:
                break
            if not lines and line.lower().startswith("sep="):
                skip = 1
            elif line.strip():
                lines.append(line)
    return lines, skip


def detect_delimiter(lines: list[str]) -> str:
    """The separator under which most sample lines have the same number of columns, more than one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        same = sum(width == widths[0] for width in widths) / len(widths)
        if (same, widths[0]) > best_score:
            best, best_score = delimiter, (same, widths[0])
    return best


class _Unclosing(io.RawIOBase):
    """Reads `stream` from its start without ever closing it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Unclosing(stream), _BLOCK), encoding=encoding, newline="")


def _rows(stream: BinaryIO, encoding: str, delimiter: str, skip: int) -> Iterator[tuple[int, list[Cell]]]:
    """Numbered rows that hold something; raises UnusableFile where the text breaks off."""
    number = skip
    with _text(stream, encoding) as text:
        for _line in range(skip):
            text.readline()
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while True:
            try:
                row = next(reader, None)
            except UnicodeDecodeError as error:
                raise _cut_off(encoding) from error
            except csv.Error as error:
                raise _broken(str(error), number + 1) from error
            if row is None:
                return
            number += 1
            if row and not is_empty(row):  # type: ignore[arg-type]
                yield number, row  # type: ignore[misc]


def _cut_off(encoding: str) -> UnusableFile:
    return UnusableFile(
        _("The file is cut off or damaged: its end is no {encoding} text. Export it again.", encoding=_NAMES[encoding])
    )


def _broken(reason: str, row: int) -> UnusableFile:
    if "unexpected end of data" in reason:
        return UnusableFile(
            _("The file ends in the middle of a quoted text that starts at or before row {row}. It was cut off, or a "
              "quotation mark is missing. Export it again.", row=row)
        )  # fmt: skip
    if "field larger" in reason:
        return UnusableFile(
            _("A cell in row {row} has more than {limit} characters; a quotation mark may be missing.", row=row, limit=MAX_CELL)
        )
    return UnusableFile(_("Row {row} cannot be read: {reason}. Correct it and upload again.", row=row, reason=reason))
