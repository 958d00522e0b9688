"""What is wrong with the rows of one file: counted in full, kept up to a limit."""

from collections.abc import Callable, Sequence
from typing import Any

from app.trade.imports.models import KEPT_ERRORS, RowError, Unreadable

_BATCH = 1_000
_SHOWN = 80


class Findings:
    """Collects row errors and hands them to `keep` in batches."""

    def __init__(self, keep: Callable[[Sequence[RowError]], None]) -> None:
        self.errors = self.warnings = self.kept = 0
        self.rows_with_errors = 0
        self._last_row = -1
        self._keep = keep
        self._waiting: list[RowError] = []

    def add(self, row: int, column: str, value: Any, message: str, warning: bool = False) -> None:
        """One thing wrong in `row`; a warning lets the row land."""
        if warning:
            self.warnings += 1
        else:
            self.errors += 1
            self.rows_with_errors += row != self._last_row
            self._last_row = row
        if self.kept < KEPT_ERRORS:
            self.kept += 1
            self._waiting.append(RowError(row, column, shown(value), message[:1].upper() + message[1:], warning, self.kept))
            if len(self._waiting) >= _BATCH:
                self.flush()

    def flush(self) -> None:
        """Keep what waits."""
        self._keep(self._waiting)
        self._waiting = []


def shown(value: Any) -> str:
    """A cell's value, short enough for a table."""
    if value is None or isinstance(value, Unreadable):
        return ""
    text = str(value).strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
