"""A small invented market whose truth is known: seeded, no invented result is compared with real ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ai.data.panel import Customer, Panel, Product, SalesColumns, build_panel
from ai.models.loglinear import NORMAL_CALIBRATION, LogLinearModel, fit_blocks
from ai.models.training import train_model

STORES, WEEKS = 12, 84
FIRST_MONDAY = datetime(2023, 1, 2, tzinfo=UTC)
PRODUCTS = ("prd_a", "prd_b", "prd_c")
CUT, LIFT = 0.25, 1.9  # price cut of a promotion and its effect on units


def market(seed: int = 7, promoted_every: int = 7) -> SalesColumns:
    """Three products in twelve stores; every `promoted_every` weeks each product is promoted for two weeks."""
    rng = np.random.default_rng(seed)
    store, product, week = (axis.ravel() for axis in np.meshgrid(range(STORES), range(3), range(WEEKS), indexing="ij"))
    promoted = (week + 3 * product) % promoted_every < 2 if promoted_every > 1 else np.ones(len(week), bool)
    size = rng.normal(0, 0.4, (STORES, 3))[store, product]
    shock = rng.normal(0, 0.12, (3, WEEKS))[product, week]
    log_units = 4.5 + size + shock + rng.normal(0, 0.12, len(week)) + np.log(LIFT) * promoted
    return SalesColumns(
        customer_ids=[f"cus_{n}" for n in range(STORES)],
        product_ids=list(PRODUCTS),
        customer=store,
        product=product,
        period=np.array([(FIRST_MONDAY + timedelta(weeks=int(w))).timestamp() for w in week]),
        units=np.rint(np.exp(log_units)),
        price=np.where(promoted, 4.0 * (1 - CUT), 4.0),
        price_regular=np.full(len(week), np.nan),
        cost=np.where(promoted, 2.4, 3.0),
        deal=promoted.astype(float),
        feature=np.zeros(len(week)),
        display=np.full(len(week), np.nan),
    )


def places() -> tuple[dict[str, Customer], dict[str, Product]]:
    customers = {f"cus_{n}": Customer(f"cus_{n}", f"Store {n}", "cus_chain", ("cus_chain", f"cus_{n}")) for n in range(STORES)}
    customers["cus_chain"] = Customer("cus_chain", "Chain", "cus_chain", ("cus_chain",))
    products = {key: Product(key, key.upper(), "prd_all", "1.80", "measured") for key in PRODUCTS}
    return customers, products


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Builds a panel from the market, changed by `change(SalesColumns) -> SalesColumns`."""

    def make(change: Callable[[SalesColumns], SalesColumns] = lambda sales: sales, **choices: int) -> Panel:
        panel = build_panel(change(market(**choices)), *places())
        assert panel is not None
        return panel

    return make


@pytest.fixture(scope="session")
def panel(make_panel: Callable[..., Panel]) -> Panel:
    return make_panel()


@pytest.fixture(scope="session")
def model(panel: Panel) -> LogLinearModel:
    return train_model(panel)


def fit_only(panel: Panel) -> LogLinearModel:
    """A model without the slow measuring on hidden weeks: bands are normal, nothing is smeared."""
    blocks, origin = fit_blocks(panel)
    return LogLinearModel(origin, panel.first_week, panel.last_week, blocks, NORMAL_CALIBRATION)


@pytest.fixture(scope="session")
def quick_model() -> Callable[[Panel], LogLinearModel]:
    return fit_only


@pytest.fixture(scope="session")
def keep() -> Callable[[SalesColumns, np.ndarray], SalesColumns]:
    """Only the chosen rows of sales."""

    def chosen(sales: SalesColumns, rows: np.ndarray) -> SalesColumns:
        names = ("customer", "product", "period", "units", "price", "price_regular", "cost", "deal", "feature", "display")
        return replace(sales, **{name: getattr(sales, name)[rows] for name in names})

    return chosen
