"""Lists as files: CSV that streams and XLSX, with every row of the filter and nothing a spreadsheet would execute."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128
from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from app.core.i18n import _
from app.web.table import Column, rows_of_values

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_XLSX_MAX_ROWS = 1_000_000


def export_response(kind: str, name: str, columns: Sequence[Column], rows: Iterable[Any]) -> Response:
    """A download of `rows` as `csv` or `xlsx` named `<name>.<kind>`; columns of kind custom export their plain value."""
    headers = [_(column.label) for column in columns]
    values = rows_of_values(columns, rows)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "xlsx":
        return Response(_xlsx(headers, values, name), mimetype=XLSX_TYPE, headers=disposition)
    return Response(_csv(headers, values), mimetype="text/csv; charset=utf-8", headers=disposition)


def plain(value: Any) -> Any:
    """A cell as a file holds it: exact decimals, ISO dates, text that no spreadsheet takes for a formula."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    if isinstance(value, list | tuple | set):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return value


def _csv(headers: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # lets Excel read UTF-8
    writer.writerow(headers)
    for row in rows:
        writer.writerow(["" if value is None else plain(value) for value in row])
        if buffer.tell() > 64_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _xlsx(headers: list[str], rows: Iterable[list[Any]], title: str) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    head = []
    for text in headers:
        cell = WriteOnlyCell(sheet, value=text)
        cell.font = Font(bold=True)
        head.append(cell)
    sheet.append(head)
    for index, row in enumerate(rows):
        if index >= _XLSX_MAX_ROWS:
            sheet.append([_("The list is longer than a sheet can hold; export it as CSV.")])
            break
        sheet.append([_cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any) -> Any:
    exact = plain(value)
    return float(exact) if isinstance(exact, Decimal) else exact
