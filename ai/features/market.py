"""The sales as a forecast may see them: logs, filled prices and groups. Nothing here looks forward in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block
from ai.features.design import blocks_of, category_of

SMALLEST_UNITS = 0.5  # stands in for zero and returns under the logarithm
USUAL_PRICE_WEEKS = 12  # the highest price of these weeks is the price a cut is measured from


@dataclass(frozen=True)
class Market:
    """Arrays (series, weeks) unless said otherwise; units are NaN where no row exists or the week lies ahead.

    depth is log(highest price of the last 12 weeks / price), so it knows the past and the plan only.
    """

    first_week: int
    log_units: np.ndarray
    log_price: np.ndarray  # NaN where unknown
    price_filled: np.ndarray  # log price, the last known one where unknown
    depth: np.ndarray
    deal: np.ndarray
    feature: np.ndarray
    display: np.ndarray
    product: np.ndarray  # (series,) number of the block: one product at one retailer
    shelf: np.ndarray  # (series,) number of the category at the customer: rivals stand on the same shelf
    store: np.ndarray  # (series,) number of the customer
    store_means: np.ndarray  # (stores, weeks) mean log units over all that the customer sold
    blocks: list[Block]

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.log_units)

    @property
    def weeks(self) -> int:
        return self.log_units.shape[1]


def market_of(
    panel: Panel,
    blocks: list[Block] | None = None,
    numbers: list[int] | None = None,
    store_means: dict[str, np.ndarray] | None = None,
) -> Market:
    """The market of `panel`, whose later weeks may hold a plan only (prices and flags without units).

    blocks: those a model was fitted on, in its order, followed by any others; by default those of the panel. Where the panel
    is a part of the market, `numbers` are those of the blocks in the whole, and `store_means` by customer come from the whole.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_price = np.where(panel.price > 0, np.log(panel.price), np.nan)
    filled = _filled(log_price)
    log_units = log_units_of(panel)
    product = np.zeros(len(panel.series), dtype=int)
    blocks = blocks_of(panel) if blocks is None else blocks
    for number, block in zip(numbers or range(len(blocks)), blocks, strict=True):
        product[block.series] = number
    shelves = [(customer_id, category_of(panel, product_id)) for customer_id, product_id in panel.series]
    store = _numbered([customer_id for customer_id, _ in panel.series])
    means = means_by_store(panel, log_units) if store_means is None else store_means
    return Market(
        first_week=panel.first_week,
        log_units=log_units,
        log_price=log_price,
        price_filled=filled,
        depth=np.maximum(_trailing_highest(filled) - filled, 0.0),
        deal=np.nan_to_num(panel.deal),
        feature=np.nan_to_num(panel.feature),
        display=np.nan_to_num(panel.display),
        product=product,
        shelf=_numbered(shelves),
        store=store,
        store_means=np.stack([means[customer_id] for customer_id in dict.fromkeys(customer for customer, _ in panel.series)]),
        blocks=blocks,
    )


def log_units_of(panel: Panel) -> np.ndarray:
    """(series, weeks), NaN where no row exists."""
    return np.where(np.isfinite(panel.units), np.log(np.maximum(panel.units, SMALLEST_UNITS)), np.nan)


def means_by_store(panel: Panel, log_units: np.ndarray) -> dict[str, np.ndarray]:
    """(weeks,) by customer: mean log units of all its series, NaN where none is known."""
    ids = list(dict.fromkeys(customer for customer, _ in panel.series))
    return dict(zip(ids, _means(log_units, _numbered([customer for customer, _ in panel.series])), strict=True))


def _numbered(keys: list) -> np.ndarray:
    numbers: dict = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=int)


def _filled(values: np.ndarray) -> np.ndarray:
    """Unknown values become the last known one; before the first they become zero (the log of nothing known)."""
    weeks = np.where(np.isfinite(values), np.arange(values.shape[1]), -1)
    last = np.maximum.accumulate(weeks, axis=1)
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, filled, 0.0)


def _trailing_highest(values: np.ndarray) -> np.ndarray:
    highest = values.copy()
    for week in range(1, values.shape[1]):
        highest[:, week] = values[:, max(0, week - USUAL_PRICE_WEEKS) : week + 1].max(axis=1)
    return highest


def past_mean(values: np.ndarray, weeks: int) -> np.ndarray:
    """Mean of the known values of the `weeks` weeks before each week; NaN where none is known."""
    known = np.isfinite(values)
    zero = np.zeros((len(values), 1))
    total = np.concatenate([zero, np.cumsum(np.where(known, values, 0.0), axis=1)], axis=1)
    count = np.concatenate([zero, np.cumsum(known, axis=1)], axis=1)
    now = np.arange(values.shape[1])
    then = np.maximum(now - weeks, 0)
    seen = count[:, now] - count[:, then]
    return np.where(seen > 0, (total[:, now] - total[:, then]) / np.maximum(seen, 1), np.nan)


def decayed_mean(values: np.ndarray, origin: int, decay: float, weeks: int) -> np.ndarray:
    """Mean over the `weeks` weeks up to `origin`, each week back counting `decay` as much; NaN where none is known."""
    window = values[:, max(0, origin - weeks + 1) : origin + 1]
    weight = decay ** np.arange(window.shape[1] - 1, -1, -1) * np.isfinite(window)
    total = weight.sum(axis=1)
    return np.where(total > 0, (np.where(weight > 0, window, 0.0) * weight).sum(axis=1) / np.maximum(total, 1e-12), np.nan)


def group_mean(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Mean of the known values of each series' group, (series, weeks) like `values`; NaN where none is known."""
    return _means(values, group)[group]


def _means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """(groups, weeks)"""
    known = np.isfinite(values)
    groups = int(group.max()) + 1 if len(group) else 0
    total, count = np.zeros((groups, values.shape[1])), np.zeros((groups, values.shape[1]))
    np.add.at(total, group, np.where(known, values, 0.0))
    np.add.at(count, group, known)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def lagged(values: np.ndarray, weeks: int) -> np.ndarray:
    """`values` as they were `weeks` earlier, NaN before the data starts."""
    moved = np.full(values.shape, np.nan)
    moved[:, weeks:] = values[:, : max(values.shape[1] - weeks, 0)]
    return moved
