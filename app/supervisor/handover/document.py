"""The report as plain parts, which HTML and PDF are both made from: so they say the same."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """`widths` are shares of the page, `tones` one a row: good, bad or "", for its first cell, which says it in words too."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One heading with sentences and at most one table."""

    title: str
    sentences: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Document:
    """The whole report. `facts` stand below the title as name and value."""

    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, and for the templates."""
        return asdict(self)
