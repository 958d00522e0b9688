"""Sales as a panel: one row per customer and product, one column per week, one array per measure."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ai.data.means import last_known
from ai.data.regular_price import regular_prices, typical_unflagged
from ai.data.weeks import week_numbers

# A price this share of the regular price or more is no price cut.
PRICE_CUT_THRESHOLD = 0.95
# 40 years; more means a mistyped date, and the arrays would not fit.
MOST_WEEKS = 2_087
MOST_CELLS = 6_000_000


class PanelTooLarge(Exception):
    """The sales span more series and weeks than fit into memory; the message says how many."""


@dataclass(frozen=True)
class Product:
    """What the model needs to know of a SKU; unit_cost is money as a string."""

    id: str
    name: str
    category_id: str
    unit_cost: str | None = None
    unit_cost_basis: str | None = None
    brand_id: str = ""  # the node below the category, empty where the product hangs on the category itself


@dataclass(frozen=True)
class Customer:
    """A node of the customer tree; chain_id is its topmost ancestor (the retailer)."""

    id: str
    name: str
    chain_id: str
    path: tuple[str, ...] = ()


@dataclass
class SalesColumns:
    """Sales rows as columns; unknown numbers are NaN."""

    customer_ids: list[str]
    product_ids: list[str]
    customer: np.ndarray  # index into customer_ids
    product: np.ndarray  # index into product_ids
    period: np.ndarray  # UTC seconds
    units: np.ndarray
    price: np.ndarray  # money per unit
    price_regular: np.ndarray
    cost: np.ndarray  # what the retailer paid per unit
    deal: np.ndarray  # 0..1
    feature: np.ndarray  # 0..1
    display: np.ndarray  # 0..1

    def __len__(self) -> int:
        return len(self.units)


@dataclass
class Panel:
    """All measures as float arrays of shape (series, weeks); NaN units mean: no row, so unknown, not zero."""

    customers: dict[str, Customer]
    products: dict[str, Product]
    series: list[tuple[str, str]]  # (customer_id, product_id)
    first_week: int
    units: np.ndarray
    price: np.ndarray
    price_regular: np.ndarray
    cost: np.ndarray
    cost_regular: np.ndarray
    deal: np.ndarray
    feature: np.ndarray
    display: np.ndarray
    promoted: np.ndarray  # bool
    rows: int = 0
    index: dict[tuple[str, str], int] = field(default_factory=dict)
    sellers: frozenset[str] = frozenset()  # customers with sales
    sold: frozenset[str] = frozenset()  # products with sales

    def __post_init__(self) -> None:
        self.index = {pair: number for number, pair in enumerate(self.series)}
        self.sellers = frozenset(customer for customer, _product in self.series)
        self.sold = frozenset(product for _customer, product in self.series)

    @property
    def weeks(self) -> int:
        return self.units.shape[1]

    @property
    def last_week(self) -> int:
        return self.first_week + self.weeks - 1

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.units)

    @property
    def quiet(self) -> np.ndarray:
        """Weeks with a row and without promotion."""
        return self.known & ~self.promoted

    @functools.cached_property
    def usual_prices(self) -> np.ndarray:
        """(series,) the regular price of the last week that has one; NaN where none is known. A slider asks with every move."""
        return last_known(self.price_regular)

    @functools.cached_property
    def last_costs(self) -> np.ndarray:
        """(series,) the regular cost of the last week that has one; NaN where none is known."""
        return last_known(self.cost_regular)

    def stores_under(self, node_ids: Iterable[str]) -> list[str]:
        """The given customers and all below them that have a place in the tree."""
        wanted = set(node_ids)
        return [key for key, node in self.customers.items() if key in wanted or wanted.intersection(node.path)]


def _mean_by_cell(values: np.ndarray, weights: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
    """Weighted mean of the known values in each cell, NaN where none is known."""
    known = np.isfinite(values)
    total = np.bincount(cell[known], weights[known], minlength=cells)
    summed = np.bincount(cell[known], weights[known] * values[known], minlength=cells)
    return np.divide(summed, total, out=np.full(cells, np.nan), where=total > 0)


def _cells_of(sales: SalesColumns) -> tuple[np.ndarray, int, int, np.ndarray]:
    """Codes of the pairs of customer and product, the first week, the number of weeks, and the cell (series, week) of each row.

    Raises PanelTooLarge.
    """
    week = week_numbers(sales.period)
    first, weeks = int(week.min()), int(week.max() - week.min()) + 1
    pairs, series = np.unique(sales.customer.astype(np.int64) * len(sales.product_ids) + sales.product, return_inverse=True)
    if weeks > MOST_WEEKS or len(pairs) * weeks > MOST_CELLS:
        raise PanelTooLarge(
            f"{len(pairs):,} series over {weeks:,} weeks are more than {MOST_CELLS:,} cells; "
            "correct mistyped dates or import a shorter history"
        )
    return pairs, first, weeks, series * weeks + (week - first)


def build_panel(sales: SalesColumns, customers: dict[str, Customer], products: dict[str, Product]) -> Panel | None:
    """The panel of `sales`, or None when there is no row.

    Rows of the same customer, product and week (days, duplicates) are summed; prices and flags become
    means weighted by units. Raises PanelTooLarge.
    """
    if len(sales) == 0:
        return None
    pairs, first, weeks, cell = _cells_of(sales)
    shape = (len(pairs), weeks)
    cells = shape[0] * weeks
    weight = np.where(sales.units > 0, sales.units, 1e-6)

    def mean(values: np.ndarray) -> np.ndarray:
        return _mean_by_cell(values, weight, cell, cells).reshape(shape)

    counted = np.bincount(cell, minlength=cells) > 0
    summed = np.bincount(cell, np.nan_to_num(sales.units), minlength=cells)
    units = np.where(counted, summed, np.nan).reshape(shape)
    price = mean(np.where(sales.price > 0, sales.price, np.nan))
    cost = mean(sales.cost)
    deal, feature, display = (np.nan_to_num(mean(v)) for v in (sales.deal, sales.feature, sales.display))
    flagged = (deal > 0) | (feature > 0) | (display > 0)
    regular = regular_prices(price, flagged, mean(np.where(sales.price_regular > 0, sales.price_regular, np.nan)))
    cut = np.nan_to_num(price / regular, nan=1.0) < PRICE_CUT_THRESHOLD
    ids = [divmod(int(code), len(sales.product_ids)) for code in pairs]
    return Panel(
        customers=customers,
        products=products,
        series=[(sales.customer_ids[c], sales.product_ids[p]) for c, p in ids],
        first_week=first,
        units=units,
        price=price,
        price_regular=regular,
        cost=cost,
        cost_regular=typical_unflagged(cost, flagged | cut),
        deal=deal,
        feature=feature,
        display=display,
        promoted=flagged | cut,
        rows=len(sales),
    )
