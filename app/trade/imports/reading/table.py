"""What every reader gives: a header, rows, and what was noticed while opening."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.core.errors import Invalid
from app.trade.imports.models import MAX_COLUMNS, Cell


class UnusableFile(Invalid):
    """The file cannot be read as a table at all; says what it is and what to do."""

    kind, title = "unusable-file", "The file cannot be read"


@dataclass(frozen=True)
class Table:
    """A file opened as a table. `rows()` reads from the start each time: (row number as a spreadsheet counts, cells)."""

    format: str
    header: list[str]
    rows: Callable[[], Iterator[tuple[int, list[Cell]]]]
    notes: list[str] = field(default_factory=list)
    delimiter: str = ""
    encoding: str = ""


def column_names(cells: list[Cell]) -> list[str]:
    """Header cells as unique names; nameless columns get their letter. Raises UnusableFile for too many columns."""
    if len(cells) > MAX_COLUMNS:
        raise UnusableFile(f"The file has {len(cells)} columns; {MAX_COLUMNS} are read at most. Remove what is not needed.")
    names: list[str] = []
    for index, cell in enumerate(cells):
        text = " ".join(str(cell).split()) if isinstance(cell, str) else "" if cell is None else str(cell)
        name = text[:100] or f"Column {letters(index)}"
        while name in names:
            name += " (again)"
        names.append(name)
    return names


def letters(index: int) -> str:
    """0 as A, 26 as AA, as spreadsheets name columns."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def is_empty(cells: list[Cell]) -> bool:
    """Whether a row holds nothing."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)
