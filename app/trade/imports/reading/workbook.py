"""Excel workbooks, streamed: the first sheet with rows, stored values of formulas, dates by their format.

openpyxl's read-only mode hides whether an empty cell was a formula without a stored value, so the XML is read here
(no entities, no document type) with limits on what an archive may unfold to.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from app.core.i18n import _
from app.trade.imports.models import MAX_CELL, MAX_COLUMNS, Cell, Unreadable
from app.trade.imports.reading.sheet_xml import RawCell, read_rows, read_texts
from app.trade.imports.reading.table import Table, UnusableFile, column_names, is_empty

MAX_UNFOLDED = 1_000_000_000
MAX_RATIO = 200
MAX_PARTS = 2_000
MAX_TEXTS = 2_000_000
MAX_TEXT_BYTES = 150_000_000

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    ExpatError,
    EOFError,
    LookupError,
    ValueError,
    OSError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Book:
    """What cells need to be understood: shared texts, which formats are dates, where counting of days starts."""

    texts: list[str]
    date_styles: frozenset[int]
    day_zero: date


def open_workbook(stream: BinaryIO) -> Table:
    """The first sheet that holds rows; raises UnusableFile."""
    try:
        archive = zipfile.ZipFile(stream)
        _refuse_bombs(archive)
        sheets, day_zero = _sheets(archive)
        book = Book(_shared_texts(archive), _date_styles(archive), day_zero)
        notes = []
        for title, path in sheets:
            head = next(_rows(archive, path, book), None)
            if head is not None:
                if len(sheets) > 1:
                    notes.append(_("Read from the sheet {sheet}.", sheet=title))
                return _table(archive, path, book, head, notes)
    except DefusedXmlException as error:
        raise UnusableFile(_("The workbook contains XML entities, which no spreadsheet writes. It is refused.")) from error
    except _BROKEN as error:
        if isinstance(error, UnusableFile):
            raise
        raise _damaged() from error
    raise UnusableFile(_("The workbook holds no rows. Check that the first sheet has a header and rows."))


def _table(archive: zipfile.ZipFile, path: str, book: Book, head: tuple[int, list[Cell]], notes: list[str]) -> Table:
    header_row, cells = head
    width = len(cells)

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        try:
            for number, row in _rows(archive, path, book):
                if number > header_row:
                    yield number, row + [None] * (width - len(row))
        except _BROKEN as error:
            if isinstance(error, UnusableFile):
                raise
            raise _damaged() from error

    return Table("xlsx", column_names(cells), rows, notes)


def _damaged() -> UnusableFile:
    return UnusableFile(_("The workbook is damaged or was cut off while it was saved or sent. Save it again and upload that."))


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Refuse before unpacking what would unfold far beyond its size. zipfile never reads more than a part declares."""
    parts = archive.infolist()
    unfolded = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if len(parts) > MAX_PARTS or unfolded > MAX_UNFOLDED or (unfolded > 10_000_000 and unfolded / packed > MAX_RATIO):
        raise UnusableFile(
            _("The workbook would unfold to {size} MB, more than is safe. Save the rows that are needed as CSV.",
              size=unfolded // 1_000_000)
        )  # fmt: skip
    if any(part.flag_bits & 1 for part in parts):
        raise UnusableFile(_("The workbook is protected by a password. Save it without one and upload it again."))


def _sheets(archive: zipfile.ZipFile) -> tuple[list[tuple[str, str]], date]:
    """(title, path) of each visible sheet in order, and day zero of the workbook's calendar."""
    targets = {}
    with archive.open("xl/_rels/workbook.xml.rels") as source:
        for _event, element in iterparse(source, forbid_dtd=True):
            if element.tag.endswith("Relationship"):
                targets[element.get("Id")] = element.get("Target", "")
    sheets, day_zero = [], date(1899, 12, 30)
    with archive.open("xl/workbook.xml") as source:
        for _event, element in iterparse(source, forbid_dtd=True):
            if element.tag == _MAIN + "workbookPr" and element.get("date1904") in {"1", "true"}:
                day_zero = date(1904, 1, 1)
            elif element.tag == _MAIN + "sheet" and element.get("state", "visible") == "visible":
                target = targets[element.get(_RELATION)]
                sheets.append((element.get("name", ""), target.lstrip("/") if target.startswith("/") else f"xl/{target}"))
    return sheets, day_zero


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    texts: list[str] = []
    size = 0
    with archive.open("xl/sharedStrings.xml") as source:
        for text in read_texts(source):
            size += len(text)
            if len(texts) >= MAX_TEXTS or size > MAX_TEXT_BYTES:
                raise UnusableFile(_("The workbook holds more text than can be read. Save the rows that are needed as CSV."))
            texts.append(text)
    return texts


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """Numbers of the cell styles that show a date."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    with archive.open("xl/styles.xml") as source:
        for _event, element in iterparse(source, forbid_dtd=True):
            if element.tag == _MAIN + "numFmt":
                formats[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
            elif element.tag == _MAIN + "cellXfs":
                styles = [int(one.get("numFmtId", "0")) for one in element.findall(_MAIN + "xf")]
    return frozenset(index for index, number in enumerate(styles) if _shows_date(number, formats.get(number, "")))


def _shows_date(number: int, code: str) -> bool:
    return 14 <= number <= 17 or number == 22 or 27 <= number <= 36 or 50 <= number <= 58 or bool(code and is_date_format(code))


def _rows(archive: zipfile.ZipFile, path: str, book: Book) -> Iterator[tuple[int, list[Cell]]]:
    """Numbered rows that hold something."""
    columns: dict[str, int] = {}

    def place(row: list[Cell], cell: RawCell, value: Cell) -> None:
        reference = cell[0]
        if not reference:
            index = len(row)
        else:
            letters = reference.rstrip("0123456789")
            known = columns.get(letters)
            index = columns.setdefault(letters, _column(letters)) if known is None else known
        if index >= MAX_COLUMNS:
            if value is None:
                return  # formatted but empty, far to the right
            raise UnusableFile(_("The sheet has more than {limit} columns. Remove what is not needed.", limit=MAX_COLUMNS))
        missing = index - len(row)
        if missing > 0:
            row.extend([None] * missing)
        if missing < 0:
            row[index] = value
        else:
            row.append(value)

    number = 0
    with archive.open(path) as source:
        for written, cells in read_rows(source, lambda cell: _value(cell, book), place):
            number = int(written) if written else number + 1
            if not is_empty(cells):
                yield number, cells


def _column(letters: str) -> int:
    if not letters.isalpha() or len(letters) > 3:
        raise ValueError(letters)
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def _value(cell: RawCell, book: Book) -> Cell:
    _reference, kind, style, text, formula = cell
    if kind == "inlineStr":
        return _text(text) if text is not None else None
    if text is None or (not text and kind != "str"):
        if formula:
            return Unreadable(_("a formula without a stored value; open the file in Excel, save it, and upload it again"))
        return None
    if kind == "n":
        return _number(text, int(style) in book.date_styles, book.day_zero)
    if kind == "s":
        return _text(book.texts[int(text)])
    if kind == "str":
        return _text(text)
    if kind == "b":
        return text == "1"
    if kind == "e":
        return Unreadable(_("the spreadsheet shows {error} there", error=text))
    if kind == "d":
        return date.fromisoformat(text[:10])
    raise ValueError(kind)


def _text(text: str) -> Cell:
    return text if len(text) <= MAX_CELL else Unreadable(_("longer than {limit} characters", limit=MAX_CELL))


def _number(text: str, is_date: bool, day_zero: date) -> Cell:
    """Spreadsheets store binary floats and show 15 digits of them; those 15 digits are what was meant."""
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        return Unreadable(_("not a number"))
    if not is_date:
        return Decimal(f"{value:.15g}")
    try:
        return day_zero + timedelta(days=int(value))
    except OverflowError:
        return Unreadable(_("no date a calendar knows"))
