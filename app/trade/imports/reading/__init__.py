"""Reading an uploaded file as rows of cells, a row at a time, whatever wrote it: text with any separator, or a workbook."""

from app.trade.imports.reading.opening import open_table
from app.trade.imports.reading.table import Table, UnusableFile

__all__ = ["Table", "UnusableFile", "open_table"]
