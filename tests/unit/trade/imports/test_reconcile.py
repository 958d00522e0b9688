"""What the reconciler calls a difference, and what it does not."""

from decimal import Decimal
from typing import Any

from app.trade.imports.reconcile import Booked, differences
from app.trade.sales.models import ImportSums


def booked(**changes: Any) -> Booked:
    """Ten rows, all new, 100 units for 250.00 USD."""
    given: dict[str, Any] = {
        "id": "imp_1",
        "file_name": "week1.csv",
        "inserted": 10,
        "replaced": 0,
        "rows": 10,
        "units": Decimal(100),
        "revenue": {"USD": Decimal("250.00")},
    }
    return Booked(**{**given, **changes})


def sums(facts: int = 10, units: str = "100", **revenue: str) -> ImportSums:
    amounts = revenue or {"USD": "250.00"}
    return ImportSums(facts, Decimal(units), {currency: Decimal(amount) for currency, amount in amounts.items()})


def test_an_import_whose_facts_are_all_there_agrees() -> None:
    assert differences([booked()], {"imp_1": sums()}, {}) == []


def test_a_fact_that_is_gone_or_too_many_is_a_difference() -> None:
    assert differences([booked()], {"imp_1": sums(9)}, {}) == ["week1.csv: 9 facts are in the data, 10 should be"]
    assert differences([booked()], {"imp_1": sums(11)}, {}) == ["week1.csv: 11 facts are in the data, 10 should be"]
    assert differences([booked()], {}, {}) == ["week1.csv: 0 facts are in the data, 10 should be"]


def test_what_a_later_import_replaced_is_its_own_now() -> None:
    later = booked(id="imp_2", file_name="week1b.csv", inserted=0, replaced=3, rows=3)
    assert differences([booked(), later], {"imp_1": sums(7), "imp_2": sums(3)}, {"imp_1": 3}) == []
    assert differences([booked(), later], {"imp_1": sums(10), "imp_2": sums(3)}, {"imp_1": 3}) != []


def test_money_and_units_that_were_changed_past_the_application_show_to_the_cent() -> None:
    assert differences([booked()], {"imp_1": sums(USD="250.01")}, {}) == ["week1.csv: revenue of 250.01 USD, 250.00 was imported"]
    assert differences([booked()], {"imp_1": sums(USD="250.00", EUR="1.00")}, {}) == [
        "week1.csv: revenue of 1.00 EUR, 0 was imported"
    ]
    assert differences([booked()], {"imp_1": sums(units="101")}, {}) == ["week1.csv: 101 units, 100 were imported"]


def test_sums_are_left_alone_where_the_rows_of_the_file_are_not_what_landed() -> None:
    assert differences([booked(inserted=8, rows=10)], {"imp_1": sums(8, "80", USD="1.00")}, {}) == [], "two were there already"


def test_facts_of_an_import_that_never_landed_are_strangers() -> None:
    assert differences([], {"imp_9": sums(4)}, {}) == ["4 facts name the import imp_9, which did not land"]
