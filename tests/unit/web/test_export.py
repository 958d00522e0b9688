"""Lists as files that spreadsheets open without executing anything."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128
from openpyxl import load_workbook

from app.web.export import export_response, plain
from app.web.table import Column

COLUMNS = (Column("name", "Name"), Column("price", "Price", kind="amount"), Column("week", "Week", kind="week"))
ROWS = [
    {"name": "=HYPERLINK(1)", "price": Decimal128("2.69"), "week": datetime(1992, 9, 14, tzinfo=UTC)},
    {"name": 'Juice, "fresh"', "price": None, "week": None},
]


def test_csv_has_every_row_exact_money_and_no_formulas() -> None:
    answer = export_response("csv", "sales", COLUMNS, iter(ROWS))
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [["Name", "Price", "Week"], ["'=HYPERLINK(1)", "2.69", "1992-09-14"], ['Juice, "fresh"', "", ""]]
    assert 'filename="sales.csv"' in answer.headers["Content-Disposition"]


def test_xlsx_opens_with_numbers_as_numbers() -> None:
    answer = export_response("xlsx", "sales", COLUMNS, iter(ROWS))
    sheet = load_workbook(io.BytesIO(answer.get_data())).active
    assert [cell.value for cell in sheet[1]] == ["Name", "Price", "Week"]
    assert [cell.value for cell in sheet[2]] == ["'=HYPERLINK(1)", 2.69, "1992-09-14"]
    assert sheet["A2"].data_type == "s"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_execute_is_quoted(start: str) -> None:
    assert plain(f"{start}cmd") == f"'{start}cmd"


def test_numbers_stay_numbers() -> None:
    assert plain(-5) == -5
    assert plain(Decimal("-5.10")) == Decimal("-5.10")
