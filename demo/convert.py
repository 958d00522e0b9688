"""Turns Dominick's orange juice data (bayesm's orangeJuice.rda) into customers.csv, products.csv and sales.csv."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

# One assumption, in one place. No source gives what the juice cost its makers; the data only holds what
# Dominick's paid them. Every product gets this share of its median acquisition cost as its unit cost,
# and carries `unit_cost_basis = assumed` so that a page can say so.
ASSUMED_UNIT_COST_SHARE = 0.60

CURRENCY = "USD"
CHAIN_CODE, CHAIN_NAME = "DOM", "Dominick's Finer Foods"
CATEGORY_CODE, CATEGORY_NAME = "OJ", "Refrigerated orange juice"

# Week 1 of the Dominick's Data Manual is Thursday 1989-09-14 to Wednesday 1989-09-20.
FIRST_THURSDAY = date(1989, 9, 14)

# brand number in the data -> (brand code, brand name, pack in fluid ounces), from the package's documentation.
PACKS: dict[int, tuple[str, str, int]] = {
    1: ("TROP-PREM", "Tropicana Premium", 64),
    2: ("TROP-PREM", "Tropicana Premium", 96),
    3: ("FL-NATURAL", "Florida's Natural", 64),
    4: ("TROP", "Tropicana", 64),
    5: ("MINUTE-MAID", "Minute Maid", 64),
    6: ("MINUTE-MAID", "Minute Maid", 96),
    7: ("CITRUS-HILL", "Citrus Hill", 64),
    8: ("TREE-FRESH", "Tree Fresh", 64),
    9: ("FL-GOLD", "Florida Gold", 64),
    10: ("DOMINICKS", "Dominick's", 64),
    11: ("DOMINICKS", "Dominick's", 128),
}

# column of the package's `storedemo` -> attribute name; meanings in README.md
STORE_ATTRIBUTES = {
    "AGE60": "share_aged_60_plus",
    "EDUC": "share_college_degree",
    "ETHNIC": "share_black_or_hispanic",
    "INCOME": "log_median_income",
    "HHLARGE": "share_households_5_plus",
    "WORKWOM": "share_women_working_full_time",
    "HVAL150": "share_homes_over_150k",
    "SSTRDIST": "warehouse_store_distance",
    "SSTRVOL": "warehouse_store_sales_ratio",
    "CPDIST5": "competitors_distance_miles",
    "CPWVOL5": "competitors_sales_ratio",
}

CUSTOMER_FIELDS = ["code", "name", "level", "parent_code", "channel", "status", "currency"]
PRODUCT_FIELDS = [
    "sku", "name", "level", "parent_sku", "pack_size", "pack_unit",
    "unit_cost", "unit_cost_basis", "list_price", "currency", "status",
]  # fmt: skip
SALES_FIELDS = [
    "customer_code", "sku", "week", "source", "grain", "units", "gross_revenue", "net_revenue",
    "price_paid", "price_regular", "unit_acquisition_cost", "deal", "feature", "display", "currency",
]  # fmt: skip


class SurprisingData(Exception):
    """The package does not hold what this mapping was written for; nothing is written."""


def monday_of(week: int) -> date:
    """Monday of the ISO week that Dominick's week `week` falls in.

    A Dominick's week runs Thursday to Wednesday. An ISO week is named by its Thursday, so the week's first
    day decides: four of its seven days (Thursday to Sunday) lie in that ISO week.
    """
    return FIRST_THURSDAY + timedelta(days=7 * (week - 1) - 3)


def store_code(store: int) -> str:
    return f"{CHAIN_CODE}-{store:03d}"


def sku_of(brand: int) -> str:
    code, _, ounces = PACKS[brand]
    return f"{code}-{ounces}"


def packs_sold(logmove: np.ndarray, ounces: int) -> np.ndarray:
    """Whole packs from `logmove`; raises SurprisingData if ounces are not whole packs.

    The package calls logmove the log of units; exp() of it is always a whole multiple of the pack's
    ounces (64, 96 or 128), so it is the log of ounces sold.
    """
    volume = np.exp(logmove)
    packs = np.rint(volume / ounces)
    if np.abs(volume - packs * ounces).max() > 0.01:
        raise SurprisingData(f"movement is not in multiples of {ounces} ounces")
    return packs.astype(int)


def read_package(path: Path) -> tuple[Any, Any]:
    """The two tables of orangeJuice.rda: sales (yx) and store demographics."""
    import rdata  # only the image build has it

    tables = rdata.read_rda(str(path))["orangeJuice"]
    sales, stores = tables["yx"], tables["storedemo"]
    if len(sales) != 106_139 or len(stores) != 83 or set(sales["brand"]) != set(PACKS):
        raise SurprisingData(f"expected 106,139 rows, 83 stores and 11 brands in {path}")
    if sales.duplicated(["store", "brand", "week"]).any():
        raise SurprisingData("a store, brand and week occurs twice")
    return sales, stores


def brand_rows(sales: Any, brand: int) -> dict[str, np.ndarray]:
    """Columns of one brand with packs, price per pack and acquisition cost per pack, in dollars."""
    rows = sales[sales["brand"] == brand]
    ounces = PACKS[brand][2]
    price = rows[f"price{brand}"].to_numpy(float) * ounces  # a row's own price is in the column of its brand
    margin = rows["profit"].to_numpy(float) / 100
    return {
        "store": rows["store"].to_numpy(int),
        "week": rows["week"].to_numpy(int),
        "units": packs_sold(rows["logmove"].to_numpy(float), ounces),
        "price": price,
        "acquisition": price * (1 - margin),
        "deal": rows["deal"].to_numpy(float),
        "feature": rows["feat"].to_numpy(float),
    }


def customer_records(stores: Any) -> Iterator[dict[str, Any]]:
    shared = {"channel": "grocery", "status": "active", "currency": CURRENCY}
    yield {"code": CHAIN_CODE, "name": CHAIN_NAME, "level": "national", "parent_code": "", **shared}
    for row in stores.to_dict("records"):
        number = int(row["STORE"])
        attributes = {f"attributes.{name}": f"{row[column]:.6f}" for column, name in STORE_ATTRIBUTES.items()}
        name = f"Dominick's store {number}"
        code = store_code(number)
        yield {"code": code, "name": name, "level": "store", "parent_code": CHAIN_CODE, **shared, **attributes}


def product_records(brands: dict[int, dict[str, np.ndarray]]) -> Iterator[dict[str, Any]]:
    shared = {"currency": CURRENCY, "status": "active"}
    yield {"sku": CATEGORY_CODE, "name": CATEGORY_NAME, "level": "category", "parent_sku": "", **shared}
    for code, name in sorted({(code, name) for code, name, _ in PACKS.values()}):
        yield {"sku": code, "name": name, "level": "brand", "parent_sku": CATEGORY_CODE, **shared}
    for brand, (code, name, ounces) in PACKS.items():
        cost = ASSUMED_UNIT_COST_SHARE * float(np.median(brands[brand]["acquisition"]))
        yield {
            "sku": sku_of(brand), "name": f"{name} {ounces} oz", "level": "sku", "parent_sku": code,
            "pack_size": ounces, "pack_unit": "fl oz",
            "unit_cost": f"{cost:.4f}", "unit_cost_basis": "assumed", **shared,
        }  # fmt: skip


def sales_records(brands: dict[int, dict[str, np.ndarray]]) -> Iterator[dict[str, Any]]:
    """One record per store, product and week; gross revenue, price_regular and display stay empty: the data has none of them."""
    for brand, rows in brands.items():
        sku = sku_of(brand)
        for i in range(len(rows["store"])):
            units, price = int(rows["units"][i]), round(float(rows["price"][i]), 4)
            yield {
                "customer_code": store_code(int(rows["store"][i])),
                "sku": sku,
                "week": monday_of(int(rows["week"][i])).isoformat(),
                "source": "pos",
                "grain": "week",
                "units": units,
                "gross_revenue": "",
                "net_revenue": f"{units * price:.2f}",
                "price_paid": f"{price:.4f}",
                "price_regular": "",
                "unit_acquisition_cost": f"{rows['acquisition'][i]:.4f}",
                "deal": int(rows["deal"][i] > 0),
                "feature": f"{rows['feature'][i]:.4f}".rstrip("0").rstrip("."),
                "display": "",
                "currency": CURRENCY,
            }


def write_csv(path: Path, fields: list[str], records: Iterator[dict[str, Any]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, restval="", lineterminator="\n")
        writer.writeheader()
        count = 0
        for record in records:
            writer.writerow(record)
            count += 1
    return count


def convert(source: Path, target: Path) -> dict[str, int]:
    """Writes the three CSV files into `target` and returns the number of records in each."""
    sales, stores = read_package(source)
    brands = {brand: brand_rows(sales, brand) for brand in PACKS}
    target.mkdir(parents=True, exist_ok=True)
    customer_fields = CUSTOMER_FIELDS + [f"attributes.{name}" for name in STORE_ATTRIBUTES.values()]
    return {
        "customers": write_csv(target / "customers.csv", customer_fields, customer_records(stores)),
        "products": write_csv(target / "products.csv", PRODUCT_FIELDS, product_records(brands)),
        "sales": write_csv(target / "sales.csv", SALES_FIELDS, sales_records(brands)),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="orangeJuice.rda of Debian's r-cran-bayesm")
    parser.add_argument("target", type=Path, help="folder for the CSV files")
    arguments = parser.parse_args(argv)
    try:
        counts = convert(arguments.source, arguments.target)
    except (OSError, SurprisingData) as error:
        print(f"convert: {error}", file=sys.stderr)
        return 1
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()), f"-> {arguments.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
