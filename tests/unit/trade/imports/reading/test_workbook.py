"""Workbooks: values as Excel shows them; bombs, entities and damage are refused."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from app.trade.imports.models import Unreadable
from app.trade.imports.reading import UnusableFile, open_table, workbook


def saved(*rows: list[Any], title: str = "Sales") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(content: bytes, name: str = "sales.xlsx") -> list[list[Any]]:
    return [cells for _number, cells in open_table(io.BytesIO(content), name).rows()]


def rewritten(content: bytes, part: str, change: Any) -> bytes:
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            body = old.read(info)
            new.writestr(info.filename, change(body) if info.filename == part else body)
    return out.getvalue()


def test_numbers_are_the_fifteen_digits_that_excel_shows() -> None:
    assert read(saved(["a"], [0.1 + 0.2], [3.87], [1e15], [12])) == [[D("0.3")], [D("3.87")], [D("1E+15")], [D("12")]]


def test_dates_booleans_texts_and_gaps() -> None:
    noon = datetime(2024, 1, 31, 12)  # noqa: DTZ001 - workbooks know no time zones
    rows = read(saved(["a", "b", "c", "d"], [date(2024, 1, 31), True, None, "x"], [noon, False, "y", None]))
    assert rows == [[date(2024, 1, 31), True, None, "x"], [date(2024, 1, 31), False, "y", None]]


def test_the_calendar_of_1904_is_respected() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["day"])
    sheet.append([date(2024, 1, 31)])
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue()) == [[date(2024, 1, 31)]]


def test_a_formula_without_a_stored_value_is_marked_and_one_with_is_used() -> None:
    content = saved(["a", "b"], ["=1+1", "=2+2"])
    unset = (b"<f>2+2</f><v />", b"<f>2+2</f><v/>", b"<f>2+2</f><v></v>")
    sheet = "xl/worksheets/sheet1.xml"
    for form in unset:
        content = rewritten(content, sheet, lambda body, form=form: body.replace(form, b"<f>2+2</f><v>4</v>"))
    filled = content
    [[first, second]] = read(filled)
    assert isinstance(first, Unreadable)
    assert "formula" in first.why
    assert second == D(4)


def test_error_cells_are_marked() -> None:
    number, error = b'<c r="A2" t="n"><v>7</v>', b'<c r="A2" t="e"><v>#N/A</v>'
    content = rewritten(saved(["a"], [7]), "xl/worksheets/sheet1.xml", lambda body: body.replace(number, error))
    [[cell]] = read(content)
    assert isinstance(cell, Unreadable)
    assert "#N/A" in cell.why


def test_the_first_sheet_with_rows_is_read_and_named() -> None:
    book = Workbook()
    book.create_sheet("Second").append(["a"])
    book["Second"].append([1])
    out = io.BytesIO()
    book.save(out)
    table = open_table(io.BytesIO(out.getvalue()), "x.xlsx")
    assert table.header == ["a"]
    assert "Second" in table.notes[0]


def test_a_workbook_with_another_name_is_read_with_a_note() -> None:
    assert "workbook" in open_table(io.BytesIO(saved(["a"], [1])), "sales.csv").notes[0]


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    content = rewritten(saved(["a"], [1]), "xl/worksheets/sheet1.xml", lambda body: body + b" " * 60_000_000)
    with pytest.raises(UnusableFile, match="unfold"):
        read(content)


def test_a_part_that_lies_about_its_size_is_damaged() -> None:
    content = bytearray(saved(["a"], [1]))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        offset = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[offset + 40 : offset + 60] = b"\xff" * 20
    with pytest.raises(UnusableFile, match="damaged"):
        read(bytes(content))


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        with pytest.raises(UnusableFile, match="entities"):
            read(rewritten(saved(["a"], [1]), part, lambda _body: bomb))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_truncated_workbooks_are_refused(share: float) -> None:
    content = saved(["a", "b"], *[[n, n] for n in range(300)])
    with pytest.raises(UnusableFile, match=r"damaged|cut off"):
        read(content[: int(len(content) * share)])


def test_any_other_zip_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(UnusableFile, match="damaged"):
        read(out.getvalue())


def test_a_workbook_without_rows_says_so() -> None:
    with pytest.raises(UnusableFile, match="no rows"):
        read(saved())


def test_cells_far_to_the_right_are_refused_unless_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_COLUMNS", 3)
    assert read(saved(["a", "b"], [1, 2])) == [[D(1), D(2)]]
    with pytest.raises(UnusableFile, match="columns"):
        read(saved(["a", "b", "c", "d"], [1, 2, 3, 4]))
