"""Which column is which, guessed from header words and from what the cells look like; pure."""

import difflib
import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.trade.imports.models import Cell, Kind, Unreadable
from app.trade.imports.parsing import guess_date_format, parse_flag, parse_number, parse_share
from app.trade.imports.targets import TARGETS, Content, Target

_CLOSE_ENOUGH = 0.84
_NOISE = re.compile(r"[^\w]+")


def normalised(header: str) -> str:
    """`Net_Revenue (USD)` as `net revenue usd`."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return _NOISE.sub(" ", split.replace("_", " ")).strip().lower()


def signature(kind: Kind, header: Sequence[str]) -> str:
    """The same for two files of a kind with the same columns in any order; mappings are remembered under it."""
    words = "|".join(sorted(normalised(name) for name in header))
    return hashlib.sha256(f"{kind.value}|{words}".encode()).hexdigest()[:32]


def guess_columns(kind: Kind, header: Sequence[str], samples: Sequence[Sequence[Cell]]) -> dict[str, int]:
    """field -> column number; a column feeds one field, and only a header word or its near spelling makes a guess."""
    names = [normalised(name) for name in header]
    columns = [[row[index] if index < len(row) else None for row in samples] for index in range(len(header))]
    found: list[tuple[float, int, int, str]] = []
    for place, target in enumerate(TARGETS[kind]):
        for index, name in enumerate(names):
            score = header_score(name, target)
            if score > 0 and _fits(target.content, columns[index]):
                found.append((-score, place, index, target.name))
    mapping: dict[str, int] = {}
    for _score, _place, index, name in sorted(found):
        if name not in mapping and index not in mapping.values():
            mapping[name] = index
    return mapping


def header_score(name: str, target: Target) -> float:
    """How well a normalised header names the field: 0 not at all, up to 3 exactly by its first word."""
    best = 0.0
    for rank, known in enumerate(target.known_as):
        weight = 1 - rank / 100
        if name == known:
            return 2 + weight
        if len(known) > 3 and set(known.split()) <= set(name.split()):
            best = max(best, 0.9 + weight * 0.1)
        elif len(known) > 4 and difflib.SequenceMatcher(None, name, known).ratio() >= _CLOSE_ENOUGH:
            best = max(best, 0.6 + weight * 0.1)
    return best


def _fits(content: Content, cells: Sequence[Cell]) -> bool:
    """Whether most filled cells can be read as `content`; an empty column fits everything."""
    filled = [cell for cell in cells if cell is not None and not (isinstance(cell, str) and not cell.strip())]
    filled = [cell for cell in filled if not isinstance(cell, Unreadable)]
    if not filled or content == "text":
        return True
    if content == "date":
        return guess_date_format(filled)[0] is not None
    return sum(_reads(content, cell) for cell in filled) >= len(filled) * 0.5


def _reads(content: Content, cell: Cell) -> bool:
    try:
        if content == "flag":
            parse_flag(cell)
        elif content == "share":
            parse_share(cell, ".")
        else:
            return any(_is_number(cell, mark) for mark in (".", ","))
    except ValueError:
        return False
    return True


def _is_number(cell: Cell, mark: str) -> bool:
    if isinstance(cell, Decimal):
        return True
    try:
        return parse_number(cell, mark) is not None  # type: ignore[arg-type]
    except ValueError:
        return False


def remembered_columns(remembered: Mapping[str, str], header: Sequence[str]) -> dict[str, int]:
    """A remembered mapping (field -> normalised header) on this file's columns."""
    places = {normalised(name): index for index, name in enumerate(header)}
    return {field: places[name] for field, name in remembered.items() if name in places}
