from datetime import date

import numpy as np
import pytest

from demo.convert import PACKS, SurprisingData, brand_rows, monday_of, packs_sold, product_records, sales_records, sku_of


def test_a_week_lies_in_the_iso_week_of_its_thursday() -> None:
    assert monday_of(1) == date(1989, 9, 11)
    assert monday_of(40) == date(1990, 6, 11)
    assert monday_of(160) == date(1992, 9, 28)
    assert all(monday_of(week).weekday() == 0 for week in range(1, 400))


def test_movement_is_ounces_in_whole_packs() -> None:
    assert packs_sold(np.log(np.array([64.0, 8256.0])), 64).tolist() == [1, 129]


def test_movement_that_is_no_whole_pack_is_refused() -> None:
    with pytest.raises(SurprisingData, match="96 ounces"):
        packs_sold(np.log(np.array([100.0])), 96)


def test_the_eleven_products_have_their_own_sku() -> None:
    assert len({sku_of(brand) for brand in PACKS}) == 11


class Rows(dict):
    """A table of one brand, as brand_rows reads it."""

    def __getitem__(self, key):
        return self if isinstance(key, np.ndarray) else Cell(super().__getitem__(key))


class Cell(np.ndarray):
    def __new__(cls, values):
        return np.asarray(values).view(cls)

    def to_numpy(self, kind: type) -> np.ndarray:
        return np.asarray(self, dtype=kind)


def one_row() -> dict[str, np.ndarray]:
    columns = {"brand": [1], "store": [2], "week": [40], "logmove": [np.log(8256.0)], "deal": [1], "feat": [0.25]}
    return brand_rows(Rows(columns | {"price1": [0.06046875], "profit": [38.0]}), 1)


def test_a_row_becomes_packs_dollars_per_pack_and_what_the_retailer_paid() -> None:
    record = next(sales_records({1: one_row()}))
    assert record == {
        "customer_code": "DOM-002",
        "sku": "TROP-PREM-64",
        "week": "1990-06-11",
        "source": "pos",
        "grain": "week",
        "units": 129,
        "gross_revenue": "",
        "net_revenue": "499.23",
        "price_paid": "3.8700",
        "price_regular": "",
        "unit_acquisition_cost": "2.3994",
        "deal": 1,
        "feature": "0.25",
        "display": "",
        "currency": "USD",
    }


def test_the_makers_cost_is_marked_as_assumed() -> None:
    brands = {brand: one_row() for brand in PACKS}
    skus = [record for record in product_records(brands) if record["level"] == "sku"]
    assert {record["unit_cost_basis"] for record in skus} == {"assumed"}
    assert float(skus[0]["unit_cost"]) == pytest.approx(0.6 * 2.3994, abs=1e-4)
