"""Deciding by its content what a file is; the name only adds a note when it says something else."""

from typing import BinaryIO

from app.core.i18n import _
from app.trade.imports.reading.table import Table, UnusableFile
from app.trade.imports.reading.text_file import open_text
from app.trade.imports.reading.workbook import open_workbook

_REFUSED = (
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls). Save it as .xlsx or CSV and upload that."),
    (b"%PDF", "This is a PDF. Export the table as CSV or XLSX and upload that."),
    (b"\x1f\x8b", "This is a gzip archive. Unpack it and upload the file inside."),
    (b"7z\xbc\xaf", "This is a 7-Zip archive. Unpack it and upload the file inside."),
    (b"Rar!", "This is a RAR archive. Unpack it and upload the file inside."),
    (b"\x89PNG", "This is a picture. Upload the table as CSV or XLSX."),
    (b"\xff\xd8\xff", "This is a picture. Upload the table as CSV or XLSX."),
    (b"PAR1", "This is a Parquet file. Export the table as CSV or XLSX and upload that."),
)


def open_table(stream: BinaryIO, file_name: str) -> Table:
    """The file behind `stream` (seekable, kept open while rows are read) as a table; raises UnusableFile."""
    stream.seek(0)
    start = stream.read(8)
    if not start:
        raise UnusableFile(_("The file is empty. Export it again and check that it has rows."))
    for magic, answer in _REFUSED:
        if start.startswith(magic):
            raise UnusableFile(_(answer))
    name = file_name.lower()
    if start.startswith(b"PK"):
        table = open_workbook(stream)
        if not name.endswith((".xlsx", ".xlsm")):
            table.notes.append(_("The name does not end in .xlsx, but the content is an Excel workbook; it is read as one."))
        return table
    if name.endswith((".xlsx", ".xlsm")) and not _looks_like_text(stream):
        raise UnusableFile(_("The file is named .xlsx but is no Excel workbook; it may be damaged or cut off. Save it again."))
    table = open_text(stream)
    if name.endswith((".xlsx", ".xlsm", ".xls")):
        table.notes.append(_("The name says Excel, but the content is text; it is read as CSV."))
    return table


def _looks_like_text(stream: BinaryIO) -> bool:
    stream.seek(0)
    sample = stream.read(4096)
    if sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    return bool(sample) and sum(byte < 9 or 13 < byte < 32 for byte in sample) == 0
