"""Products over the API and in pages: exact money, and the same tree as customers."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.mongo import Db


@pytest.fixture
def ann(as_role: Callable[[str], Any]) -> Any:
    """Signed in as account manager."""
    return as_role("account_manager")


def test_money_is_text_and_exact(ann: Any, mongo: Db) -> None:
    body = {"sku": "A", "name": "Juice", "unit_cost": "1.10", "list_price": "1.8005", "pack_size": "64", "pack_unit": "oz"}
    made = ann.post("/api/v1/products", json=body)
    assert made.status_code == 201, made.json
    assert (made.json["unit_cost"], made.json["list_price"]) == ("1.10", "1.8005")
    assert made.json["unit_cost_basis"] == "measured"
    stored = mongo["products"].find_one({"sku": "A"})
    assert stored is not None
    assert str(stored["unit_cost"]) == "1.10"


@pytest.mark.parametrize("value", [1.1, "1.1234567", "-1", "free", "1e30", "NaN"])
def test_what_is_no_exact_price_is_refused(ann: Any, value: Any) -> None:
    answer = ann.post("/api/v1/products", json={"sku": "A", "name": "Juice", "unit_cost": value})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].endswith("unit_cost")


def test_a_change_sends_only_what_changes(ann: Any) -> None:
    made = ann.post("/api/v1/products", json={"sku": "A", "name": "Juice", "unit_cost": "1.10"}).json
    changed = ann.patch(f"/api/v1/products/{made['id']}", json={"name": "Better juice", "version": 1}).json
    assert (changed["name"], changed["unit_cost"], changed["version"]) == ("Better juice", "1.10", 2)
    same = ann.patch(f"/api/v1/products/{made['id']}", json={"name": "Better juice", "version": 2}).json
    assert same["version"] == 2


def test_a_brand_cannot_stand_below_a_sku(ann: Any) -> None:
    sku = ann.post("/api/v1/products", json={"sku": "A", "name": "Juice"}).json
    answer = ann.post("/api/v1/products", json={"sku": "B", "name": "Brand", "level": "brand", "parent_id": sku["id"]})
    assert answer.status_code == 422
    assert "is a SKU" in answer.json["detail"]


def test_pages_and_exports_answer(ann: Any) -> None:
    made = ann.post("/api/v1/products", json={"sku": "A", "name": "=cmd()", "unit_cost": "1.10"}).json
    for address in (
        "/products",
        "/products/new",
        f"/products/{made['id']}",
        f"/products/{made['id']}/edit",
        f"/products/{made['id']}/sales",
    ):
        assert ann.get(address).status_code == 200, address
    exported = ann.get("/products?format=csv").text
    assert "'=cmd()" in exported
    assert "1.10" in exported


def test_the_form_saves_and_names_its_errors(ann: Any) -> None:
    answer = ann.post("/products/new", data={"sku": "A", "name": "Juice", "level": "sku", "unit_cost": "cheap", "ean": "12"})
    assert answer.status_code == 422
    assert "Write a number" in answer.text
    answer = ann.post(
        "/products/new", data={"sku": "A", "name": "Juice", "level": "sku", "unit_cost": "1.10", "ean": "4006381333931"}
    )
    assert answer.status_code == 302
    found = ann.get("/api/v1/products?q=4006381333931").json["items"]
    assert [one["sku"] for one in found] == ["A"]
