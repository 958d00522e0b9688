"""Columns are guessed from headers in several languages and from content."""

import pytest

from app.trade.imports.guessing import guess_columns, normalised, remembered_columns, signature
from app.trade.imports.models import Kind


def guess(header: str, row: str, kind: Kind = Kind.SALES) -> dict[str, str]:
    names = header.split(";")
    return {field: names[index] for field, index in guess_columns(kind, names, [row.split(";")]).items()}


@pytest.mark.parametrize(
    "header",
    [
        "store;upc;week;move;price;deal",
        "Store Code;Item Number;Week ending;Units sold;Shelf price;On promotion",
        "Filiale;Artikelnummer;Woche;Menge;Verkaufspreis;Aktion",
        "customer_id;product_id;period;quantity;unit_price;promo",
        "CustomerCode;ProductCode;WeekStart;UnitSales;NetPrice;Promo",
    ],
)
def test_usual_headers_are_known(header: str) -> None:
    names = header.split(";")
    found = guess(header, "S1;A1;2024-01-01;12;2.50;1")
    wanted = ("customer", "sku", "date", "units", "price_paid", "deal")
    assert found == dict(zip(wanted, names, strict=True))


def test_the_exact_word_wins_over_one_that_contains_it() -> None:
    assert guess("price regular;price", "2.99;2.49")["price_regular"] == "price regular"
    assert guess("price regular;price", "2.99;2.49")["price_paid"] == "price"


def test_content_that_does_not_fit_is_not_guessed() -> None:
    assert "date" not in guess("week", "blue")
    assert "units" not in guess("units", "pieces of eight")


def test_a_column_feeds_one_field_only() -> None:
    found = guess_columns(Kind.SALES, ["product", "brand"], [["A", "B"]])
    assert found == {"sku": 0}


def test_headers_are_compared_without_case_and_punctuation() -> None:
    assert normalised("  Net_Revenue (USD) ") == "net revenue usd"
    assert normalised("UnitsSold") == "units sold"


def test_a_mapping_is_remembered_whatever_the_order_of_columns() -> None:
    assert signature(Kind.SALES, ["Store", "SKU"]) == signature(Kind.SALES, ["sku", "STORE"])
    assert signature(Kind.SALES, ["Store"]) != signature(Kind.CUSTOMERS, ["Store"])
    assert remembered_columns({"sku": "sku", "units": "gone"}, ["Store", "SKU"]) == {"sku": 1}
