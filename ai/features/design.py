"""Puts the families of columns together into the design of one block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block, Column
from ai.features.lags import lag_columns, promotion_traces
from ai.features.promotions import own_promotion_columns, regular_price_column
from ai.features.rivals import largest_rivals, rival_columns
from ai.features.season import season_columns


@dataclass(frozen=True)
class Design:
    """Values (series, weeks, columns) with the priors of the columns; `own` marks the product's own promotion."""

    names: list[str]
    values: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    own: np.ndarray
    after: np.ndarray

    def without_promotion(self, rows: np.ndarray, weeks: np.ndarray, traces: np.ndarray | None = None) -> np.ndarray:
        """(rows, weeks, columns) with the own promotion taken out of them.

        traces: what earlier promotions leave, (series, weeks, lag columns), instead of what they left.
        """
        values = self.values[np.ix_(rows, weeks)]  # a copy
        values[..., self.own] = 0.0
        if traces is not None:
            values[..., self.after] = traces[np.ix_(rows, weeks)]
        return values


def design_of(panel: Panel, block: Block, usual: np.ndarray, origin: float) -> Design:
    """The design of `block` over all weeks of the panel, as it happened."""
    own = own_promotion_columns(panel, block)
    after = lag_columns(*promotion_traces(panel, block))
    weeks = panel.first_week + np.arange(panel.weeks)
    rest = [
        regular_price_column(panel, block, usual),
        *season_columns(weeks, origin, len(block.series)),
        *rival_columns(panel, block),
    ]
    columns: list[Column] = [*own, *after, *rest]
    return Design(
        names=[column.name for column in columns],
        values=np.stack([column.values for column in columns], axis=-1),
        prior_mean=np.array([column.prior_mean for column in columns]),
        prior_sd=np.array([column.prior_sd for column in columns]),
        own=np.arange(len(columns)) < len(own),
        after=(np.arange(len(columns)) >= len(own)) & (np.arange(len(columns)) < len(own) + len(after)),
    )


def traces_of(panel: Panel, block: Block, kept: np.ndarray) -> np.ndarray:
    """Lag columns (series, weeks, columns) left by the promotions of the weeks `kept` (series, weeks; bool)."""
    depth, feature = promotion_traces(panel, block)
    return np.stack([column.values for column in lag_columns(depth * kept, feature * kept)], axis=-1)


def blocks_of(panel: Panel) -> list[Block]:
    """One block per product and retailer, rivals chosen within the category, ordered by id."""
    members: dict[tuple[str, str], list[int]] = {}
    for number, (customer_id, product_id) in enumerate(panel.series):
        customer = panel.customers.get(customer_id)
        chain = customer.chain_id if customer else customer_id
        members.setdefault((product_id, chain), []).append(number)
    by_category: dict[tuple[str, str], list[str]] = {}
    for product_id, chain in members:
        by_category.setdefault((category_of(panel, product_id), chain), []).append(product_id)
    blocks = []
    for (product_id, chain), numbers in sorted(members.items()):
        category = category_of(panel, product_id)
        customers = [panel.series[number][0] for number in numbers]
        rivals = largest_rivals(panel, product_id, by_category[(category, chain)], customers)
        blocks.append(Block(product_id, chain, category, np.array(numbers), rivals, brand_of(panel, product_id)))
    return blocks


def category_of(panel: Panel, product_id: str) -> str:
    product = panel.products.get(product_id)
    return product.category_id if product else ""


def brand_of(panel: Panel, product_id: str) -> str:
    product = panel.products.get(product_id)
    return product.brand_id if product else ""
