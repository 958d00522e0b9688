"""Reads sales, customers and products from MongoDB with the read-only user; writes nothing, ever."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import Any

import numpy as np
from bson.decimal128 import Decimal128
from pymongo.database import Database

from ai.data.panel import Customer, Product, SalesColumns

_SALES_FIELDS = (
    "customer_id", "product_id", "period", "units", "net_revenue", "price_paid", "price_regular",
    "unit_acquisition_cost", "deal", "feature", "display",
)  # fmt: skip
_NAN = float("nan")


def as_number(value: Any) -> float:
    """A float from any stored number or flag; NaN for anything else."""
    if isinstance(value, Decimal128):
        return float(value.to_decimal())
    if isinstance(value, bool | int | float):
        return float(value)
    return _NAN


def _as_text(value: Any) -> str | None:
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    return None if value is None else str(value)


def read_customers(database: Database[dict[str, Any]]) -> dict[str, Customer]:
    found: dict[str, Customer] = {}
    for document in database["customers"].find({}, {"name": 1, "path": 1}):
        key, path = str(document["_id"]), tuple(str(step) for step in document.get("path") or ())
        chain = path[0] if path else key
        found[key] = Customer(key, str(document.get("name") or key), chain, path or (key,))
    return found


def read_products(database: Database[dict[str, Any]]) -> dict[str, Product]:
    found: dict[str, Product] = {}
    fields = {"name": 1, "path": 1, "unit_cost": 1, "unit_cost_basis": 1}
    for document in database["products"].find({}, fields):
        key = str(document["_id"])
        path = document.get("path") or []
        found[key] = Product(
            id=key,
            name=str(document.get("name") or key),
            category_id=str(path[0]) if path else key,
            unit_cost=_as_text(document.get("unit_cost")),
            unit_cost_basis=document.get("unit_cost_basis"),
            brand_id=str(path[1]) if len(path) > 2 else "",
        )
    return found


class _Codes:
    """Numbers ids in the order they come."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, key: str) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.ids)
            self.ids.append(key)
        return number


def _paid(document: dict[str, Any], units: float) -> float:
    """Price per unit, from revenue when the price itself is missing."""
    price = as_number(document.get("price_paid"))
    if price != price and units > 0:
        price = as_number(document.get("net_revenue")) / units
    return price


def read_sales(database: Database[dict[str, Any]], source: str) -> SalesColumns:
    """All sales of one source ("pos" or "shipment"), row by row into flat arrays (about 70 bytes a row)."""
    customers, products = _Codes(), _Codes()
    customer, product = array("i"), array("i")
    numbers = {name: array("d") for name in ("period", "units", "price", "regular", "cost")}
    flags = {name: array("f") for name in ("deal", "feature", "display")}
    cursor = database["sales"].find({"source": source}, dict.fromkeys(_SALES_FIELDS, 1) | {"_id": 0})
    for document in cursor.batch_size(5_000):
        period, units = document.get("period"), as_number(document.get("units"))
        if not isinstance(period, datetime) or units != units:
            continue
        customer.append(customers.number(str(document["customer_id"])))
        product.append(products.number(str(document["product_id"])))
        numbers["period"].append(period.replace(tzinfo=UTC).timestamp())
        numbers["units"].append(units)
        numbers["price"].append(_paid(document, units))
        numbers["regular"].append(as_number(document.get("price_regular")))
        numbers["cost"].append(as_number(document.get("unit_acquisition_cost")))
        for flag, values in flags.items():
            values.append(as_number(document.get(flag)))
    column = {name: _view(values) for name, values in (numbers | flags).items()}
    return SalesColumns(
        customer_ids=customers.ids,
        product_ids=products.ids,
        customer=_view(customer),
        product=_view(product),
        period=column["period"],
        units=column["units"],
        price=column["price"],
        price_regular=column["regular"],
        cost=column["cost"],
        deal=column["deal"],
        feature=column["feature"],
        display=column["display"],
    )


def _view(values: array[Any]) -> np.ndarray:
    """The same numbers in the same memory: a copy of all sales would be the largest thing in memory."""
    return np.frombuffer(values, dtype=values.typecode)


def sales_stamp(database: Database[dict[str, Any]]) -> str:
    """A short text that changes whenever imports, products or customers changed; cheap to ask.

    Sales only change through imports, and every step of an import touches its `updated_at`.
    """
    parts: list[str] = []
    for name in ("imports", "products", "customers"):
        newest = database[name].find_one({}, {"updated_at": 1}, sort=[("updated_at", -1)])
        parts.append(f"{name}={(newest or {}).get('updated_at')}/{database[name].count_documents({})}")
    return " ".join(parts)
