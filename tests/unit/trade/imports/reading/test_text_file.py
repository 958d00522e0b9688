"""Text files in every encoding and with every separator; broken ones are refused with a reason."""

import codecs
import contextlib
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.trade.imports.reading import UnusableFile, open_table
from app.trade.imports.reading.table import letters


def read(content: bytes, name: str = "sales.csv") -> tuple[list[str], list[list[object]]]:
    table = open_table(io.BytesIO(content), name)
    return table.header, [cells for _number, cells in table.rows()]


TEXT = "Filiale;Stück;Umsatz €\nMünchen;1;2,50\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(), codecs.BOM_UTF8 + TEXT.encode(), TEXT.encode("utf-16"), TEXT.encode("cp1252"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT.encode("utf-16-le"), TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "windows-1252", "utf-16 big", "utf-16 without mark", "utf-16 big without mark"],
)  # fmt: skip
def test_every_encoding_gives_the_same_table(content: bytes) -> None:
    assert read(content) == (["Filiale", "Stück", "Umsatz €"], [["München", "1", "2,50"]])


def test_latin_1_with_bytes_that_windows_does_not_have() -> None:
    _header, rows = read("a;b\nn\x81o;é\n".encode("latin-1"))
    assert rows == [["n\x81o", "é"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    content = f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n".encode()
    assert read(content) == (["a", "b", "c"], [["1", "2", "3"]])


def test_a_decimal_comma_does_not_make_the_comma_a_separator() -> None:
    assert read(b"a;b\n1,5;2,5\n3,5;4,5\n")[1][0] == ["1,5", "2,5"]


def test_excels_own_separator_line_is_left_out() -> None:
    assert read(b"sep=;\na;b\n1;2\n") == (["a", "b"], [["1", "2"]])


def test_empty_lines_are_left_out_and_rows_keep_their_numbers() -> None:
    table = open_table(io.BytesIO(b"\n\na,b\n\n1,2\n,\n3,4\n"), "x.csv")
    assert [number for number, _cells in table.rows()] == [5, 7]


def test_headers_are_made_unique_and_nameless_columns_get_letters() -> None:
    assert read(b"a,,a\n1,2,3\n")[0] == ["a", "Column B", "a (again)"]
    assert [letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"), (b"\n\n \n", "no rows"), (b"a,b\n1,\"2\n3,4\n", "cut off"), (b"a,b\n\x00\x01\x02\x03,2\n", "binary"),
        ("ü,b\n1,ü".encode()[:-1], "cut off"), (b"%PDF-1.7 ...", "PDF"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"\x1f\x8b\x08", "gzip"), (TEXT.encode("utf-16")[:-1], "cut off"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read_say_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        read(content)


def test_a_quotation_mark_that_never_closes_is_found_wherever_it_is() -> None:
    content = b"a,b\n" + b"1,2\n" * 500 + b'1,"2\n' + b"3,4\n" * 5000
    with pytest.raises(UnusableFile, match="quotation mark"):
        read(content)


def test_text_named_like_a_workbook_is_read_with_a_note() -> None:
    table = open_table(io.BytesIO(b"a,b\n1,2\n"), "sales.xlsx")
    assert table.format == "csv"
    assert "Excel" in table.notes[0]


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), max_size=12).map(str.strip)


@settings(deadline=None)
@given(
    st.lists(st.lists(CELLS.filter(bool), min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]], encoding: str, delimiter: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([["one", "two", "three"], *rows])
    table = open_table(io.BytesIO(buffer.getvalue().encode(encoding)), "x.csv")
    if table.delimiter == delimiter:  # a handful of cells full of other separators may mislead the guess; then nothing is lost
        assert [cells for _number, cells in table.rows()] == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnusableFile):
        for _number, cells in open_table(io.BytesIO(content), "x.csv").rows():
            assert isinstance(cells, list)
