"""The two large parts of a workbook, its cells and its shared texts, read with expat in one pass and flat memory.

A document type is refused before anything in it counts, so no entity is ever expanded (what defusedxml does for the
small parts; its reader is written in Python and takes a minute for a large sheet).
"""

from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.parsers import expat

from defusedxml.common import DTDForbidden

from app.trade.imports.models import Cell

_BLOCK = 1 << 17

RawCell = tuple[str, str, str, "str | None", bool]
"""(reference, type, style, stored text or None, whether a formula)"""


def _parser() -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(name: str, *_rest: Any) -> None:
        raise DTDForbidden(name, None, None)

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


class _Cells:
    """Collects the rows that expat has finished."""

    def __init__(self, value_of: Callable[[RawCell], Cell], place: Callable[[list[Cell], RawCell, Cell], None]) -> None:
        self.done: list[tuple[str | None, list[Cell]]] = []
        self.finished = False
        self._value_of, self._place = value_of, place
        self._row: list[Cell] = []
        self._row_number: str | None = None
        self._cell: tuple[str, str, str] | None = None
        self._formula = self._phonetic = False
        self._text: list[str] | None = None
        self._stored: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag) if ":" in tag else tag
        if name == "c":
            get = attributes.get
            self._cell = (get("r", ""), get("t", "n"), get("s", "0"))
            self._formula, self._stored = False, None
        elif name == "v" or (name == "t" and not self._phonetic):
            self._text = []
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._row, self._row_number = [], attributes.get("r")
        elif name == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        name = _local(tag) if ":" in tag else tag
        if name == "v" or name == "t":
            if self._text is not None:
                self._stored = (self._stored or "") + "".join(self._text)
                self._text = None
        elif name == "c":
            if self._cell is not None:
                raw = (*self._cell, self._stored, self._formula)
                self._place(self._row, raw, self._value_of(raw))
                self._cell = None
        elif name == "row":
            self.done.append((self._row_number, self._row))
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self.finished = True


def read_rows(
    source: IO[bytes], value_of: Callable[[RawCell], Cell], place: Callable[[list[Cell], RawCell, Cell], None]
) -> Iterator[tuple[str | None, list[Cell]]]:
    """(row number as written, cells) of each row. `place` puts a value into the row at its reference."""
    parser, cells = _parser(), _Cells(value_of, place)
    parser.StartElementHandler = cells.start
    parser.EndElementHandler = cells.end
    parser.CharacterDataHandler = cells.text
    while not cells.finished:
        block = source.read(_BLOCK)
        parser.Parse(block, not block)
        yield from cells.done
        cells.done.clear()
        if not block:
            return


def read_texts(source: IO[bytes]) -> Iterator[str]:
    """The shared texts in order, without phonetic hints."""
    parser = _parser()
    done: list[str] = []
    item: list[str] = []
    state = {"t": False, "phonetic": False}

    def start(tag: str, _attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "si":
            item.clear()
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "t":
            state["t"] = not state["phonetic"]

    def end(tag: str) -> None:
        name = _local(tag)
        if name == "si":
            done.append("".join(item))
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "t":
            state["t"] = False

    def text(content: str) -> None:
        if state["t"]:
            item.append(content)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    while True:
        block = source.read(_BLOCK)
        parser.Parse(block, not block)
        yield from done
        done.clear()
        if not block:
            return
