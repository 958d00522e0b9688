"""Invented sales of any size, and calendars of any length: what the service does at the sizes of its goals."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ai.data.panel import Customer, Panel, Product, SalesColumns, build_panel
from ai.optimise.calendar import Calendar, Candidate, Rules, best_calendar

SECONDS_A_WEEK = 7 * 86_400
FIRST_MONDAY = datetime(2023, 1, 2, tzinfo=UTC).timestamp()
PRODUCTS_OF_A_CATEGORY = 10


@dataclass(frozen=True)
class Size:
    stores: int
    products: int
    weeks: int


ROWS_OF_THE_GOAL = Size(stores=160, products=100, weeks=100)  # 1.6 million rows, 16,000 series


def invented_sales(size: Size, seed: int = 1) -> SalesColumns:
    """Every product in every store; promoted every seventh to twelfth week for two, with a lift the chain shares."""
    rng = np.random.default_rng(seed)
    shape = (size.stores, size.products, size.weeks)
    store, product, week = (axis.ravel() for axis in np.meshgrid(*(range(length) for length in shape), indexing="ij"))
    period = rng.integers(7, 13, size.products)[product]
    promoted = (week + 3 * product) % period < 2
    shock = rng.normal(0, 0.2, (size.products, size.weeks))[product, week]
    level = rng.normal(3.5, 0.5, (size.stores, size.products))[store, product]
    units = rng.poisson(np.exp(level + shock + rng.normal(0.7, 0.2, size.products)[product] * promoted))
    return SalesColumns(
        customer_ids=[f"cus_{number}" for number in range(size.stores)],
        product_ids=[f"prd_{number}" for number in range(size.products)],
        customer=store,
        product=product,
        period=FIRST_MONDAY + SECONDS_A_WEEK * week,
        units=units.astype(float),
        price=np.where(promoted, 3.0, 4.0),
        price_regular=np.full(len(week), np.nan),
        cost=np.where(promoted, 2.4, 3.0),
        deal=promoted.astype(float),
        feature=(promoted & (product % 2 == 0)).astype(float),
        display=np.full(len(week), np.nan),
    )


def invented_trees(size: Size) -> tuple[dict[str, Customer], dict[str, Product]]:
    """One retailer's stores, and products in categories of ten."""
    stores, products = (f"cus_{number}" for number in range(size.stores)), (f"prd_{number}" for number in range(size.products))
    return (
        {key: Customer(key, key, "cus_chain", ("cus_chain", key)) for key in stores},
        {key: Product(key, key, f"prd_category_{number // PRODUCTS_OF_A_CATEGORY}") for number, key in enumerate(products)},
    )


def invented_panel(size: Size, seed: int = 1) -> Panel:
    panel = build_panel(invented_sales(size, seed), *invented_trees(size))
    if panel is None:
        raise ValueError("a market without stores, products or weeks has no sales")
    return panel


def year_of_candidates(events: int, weeks: int, seed: int) -> list[Candidate]:
    """Two-week events of 20 products over a year: what each earns and costs is drawn at random, in cents."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(events):
        first = int(rng.integers(0, weeks - 2))
        places = frozenset({("cus", f"prd_{number % 20}")})
        value, spend = int(rng.integers(100, 90_000)), int(rng.integers(100, 50_000))
        found.append(Candidate(str(number), value, spend, float(rng.integers(100, 2_000)), places, first, first + 1))
    return found


def timed_calendar(seed: int, events: int = 200, weeks: int = 52) -> tuple[Calendar, float]:
    """A calendar under every rule there is, and the processor seconds it took."""
    rules = Rules(1_500_000, weeks_between=3, most_events=60, most_at_once=6, fewest_units=20_000)
    began = time.process_time()
    found = best_calendar(year_of_candidates(events, weeks, seed), rules)
    return found, time.process_time() - began
