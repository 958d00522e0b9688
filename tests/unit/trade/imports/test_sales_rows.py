"""Rows become facts, or errors that say what to correct."""

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.trade.imports.findings import Findings
from app.trade.imports.models import Options, RowError, Unreadable
from app.trade.imports.sales_rows import Directory, SalesRows, SalesSetting, decimal128

HEADER = ["store", "sku", "week", "units", "net", "price", "cost", "deal", "feature", "currency"]
FIELDS = ["customer", "sku", "date", "units", "net_revenue", "price_paid", "unit_acquisition_cost", "deal", "feature", "currency"]
GOOD = ["S1", "A", "2024-01-03", "10", "25.00", "2.50", "1.80", "1", "0.5", ""]


class Checked:
    """A checker with what it found."""

    def __init__(self, **options: Any) -> None:
        self.errors: list[RowError] = []
        self.findings = Findings(self.errors.extend)
        setting = SalesSetting(
            import_id="imp_1", mapping={name: index for index, name in enumerate(FIELDS)}, header=HEADER,
            options=Options(**options), mark=".", date_order="ymd", currency="USD",
            customers=Directory({"S1": "cus_1", "0042": "cus_2"}),
            products=Directory({"A": "prd_1", "B": "prd_2"}, {"CAT": "this is a category; sales need a SKU"}),
            today=date(2024, 6, 1),
        )  # fmt: skip
        self.rows = SalesRows(setting, self.findings)

    def check(self, *cells: Any, number: int = 2) -> dict[str, Any] | None:
        return self.rows.check(number, list(cells))

    def messages(self) -> list[str]:
        self.findings.flush()
        return [error.message for error in self.errors]


def row(**changes: Any) -> list[Any]:
    return [changes.get(name, value) for name, value in zip(FIELDS, GOOD, strict=True)]


def test_a_good_row_is_a_fact() -> None:
    fact = Checked().check(*GOOD)
    assert fact is not None
    assert fact["customer_id"] == "cus_1"
    assert fact["period"].isoformat() == "2024-01-01T00:00:00+00:00"
    assert fact["units"] == 10
    assert fact["net_revenue"] == Decimal128("25.00")
    assert fact["unit_acquisition_cost"] == Decimal128("1.80")
    assert (fact["deal"], fact["feature"], fact["display"], fact["currency"]) == (True, 0.5, False, "USD")
    assert fact["price_regular"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer": ""}, "Empty"), ({"customer": "S9"}, "Unknown"), ({"customer": "42"}, "did you mean 0042"),
        ({"sku": "CAT"}, "category"), ({"date": ""}, "Empty"), ({"date": "2024-02-31"}, "calendar"),
        ({"date": "2024-07-01"}, "future"), ({"units": "ten"}, "Not a number"), ({"units": ""}, "Empty"),
        ({"price_paid": "-1", "net_revenue": "-10"}, "cannot be negative"), ({"net_revenue": "1,5"}, "Not a number"),
        ({"net_revenue": "", "price_paid": ""}, "Net revenue"), ({"deal": "maybe"}, "Yes or no"), ({"feature": "7"}, "share"),
        ({"currency": "Dollars"}, "three letters"), ({"units": Unreadable("a formula without a stored value")}, "formula"),
    ],
)  # fmt: skip
def test_a_bad_cell_rejects_its_row_and_says_why(changes: dict[str, Any], message: str) -> None:
    checked = Checked()
    assert checked.check(*row(**changes)) is None
    assert any(message in text for text in checked.messages()), checked.messages()
    assert checked.rows.rows == 0


def test_every_problem_of_a_row_is_told_at_once() -> None:
    checked = Checked()
    checked.check(*row(customer="S9", sku="Z", units="x"))
    assert len(checked.messages()) == 3
    assert checked.findings.rows_with_errors == 1


def test_a_row_that_repeats_another_names_it() -> None:
    checked = Checked()
    assert checked.check(*GOOD, number=2) is not None
    assert checked.check(*row(date="2024-01-07", units="3"), number=9) is None
    assert checked.messages() == ["Repeats row 2: the same customer, SKU and week"]


def test_a_rejected_row_does_not_count_as_the_first_of_its_week() -> None:
    checked = Checked(negative_units="reject")
    assert checked.check(*row(units="-1"), number=2) is None
    assert "negative" in checked.messages()[0].lower()


def test_returns_are_warned_about_and_land() -> None:
    checked = Checked()
    fact = checked.check(*row(units="-2", net_revenue="-5.00"))
    assert fact is not None
    assert fact["units"] == -2
    assert checked.errors == [] or all(error.warning for error in checked.errors)
    assert checked.rows.negative_rows == 1


def test_unknown_codes_are_created_once_when_wished() -> None:
    checked = Checked(unknown_customers="create", unknown_products="create")
    first = checked.check(*row(customer="NEW"), number=2)
    second = checked.check(*row(customer="NEW", sku="NEW-SKU"), number=3)
    assert first is not None
    assert second is not None
    assert first["customer_id"] == second["customer_id"]
    assert set(checked.rows._setting.customers.created) == {"NEW"}


def test_short_and_long_rows_are_told() -> None:
    checked = Checked()
    assert checked.check("S1", "A", "2024-01-03") is None
    assert checked.check(*GOOD, "extra") is None
    assert "cut off" in checked.messages()[0]
    assert "11 columns instead of 10" in checked.messages()[1]


def test_trailing_empty_cells_are_no_error() -> None:
    assert Checked().check(*GOOD, "", "") is not None


def test_totals_are_those_of_the_rows_that_land() -> None:
    checked = Checked()
    checked.check(*GOOD, number=2)
    checked.check(*row(sku="B", units="2.5", net_revenue="5", price_paid=""), number=3)
    checked.check(*row(sku="Z"), number=4)
    assert checked.rows.rows == 2
    assert checked.rows.units == D("12.5")
    assert dict(checked.rows.revenue) == {"USD": D("30.00")}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15))
def test_the_quick_way_to_decimal128_is_the_slow_way(value: D) -> None:
    assert decimal128(value) == Decimal128(value)


@given(st.lists(st.sampled_from(["S1", "S9", "", "0042"]), max_size=20), st.sampled_from(["2024-01-01", "x"]))
def test_every_row_is_either_counted_or_in_error(stores: list[str], day: str) -> None:
    checked = Checked()
    landed = [checked.check(*row(customer=store, date=day), number=number) for number, store in enumerate(stores, start=2)]
    assert sum(fact is not None for fact in landed) == checked.rows.rows
    assert checked.rows.rows + checked.findings.rows_with_errors == len(stores)
