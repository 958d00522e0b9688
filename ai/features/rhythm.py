"""How promotions follow each other: weeks since the last one, weeks it has run, and how hard the shelf was pushed lately."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ai.features.market import Market, lagged, past_mean

_FLAGGED = 0.5  # of a week's units sold under the flag
_DEEP = 0.2  # log price cut that shoppers stock up on
_LONGEST = 26
_LOWEST_WEEKS = 26
_WORTH_OF_A_FEATURE = 0.3  # in log price cut, of a feature without any cut


def rhythm_columns(market: Market) -> Iterator[tuple[str, np.ndarray]]:
    """(series, weeks) each, one after the other: prices and promotions up to and including the week; no sales."""
    featured, on_deal = market.feature > _FLAGGED, market.deal > _FLAGGED
    push = featured * (_WORTH_OF_A_FEATURE + market.depth)
    of_shelf = _of_shelf(push, market.shelf)
    since_feature = weeks_since(featured)
    yield "since_feature", since_feature
    yield "since_deep", weeks_since(market.depth > _DEEP)
    yield "since_any_feature", _least_of_shelf(since_feature, market.shelf)
    yield "run_deal", weeks_running(on_deal)
    yield "run_feature", weeks_running(featured)
    yield "price_gap", _gap_to_cheapest_rival(market.price_filled, market.shelf)
    yield "rival_push", of_shelf - push
    yield "shelf_push_1", lagged(of_shelf, 1)
    yield "shelf_push_4", past_mean(of_shelf, 4)
    yield "vs_lowest_26", market.price_filled - _lowest_before(market.price_filled)


def shelf_columns(market: Market, origin: int) -> dict[str, np.ndarray]:
    """(series,) each: what the whole shelf sold lately against half a year, in logs, up to and including `origin`."""
    units = np.exp(np.nan_to_num(market.log_units[:, max(0, origin - 25) : origin + 1], nan=-np.inf))
    total = _of_shelf_small(units, market.shelf)
    sold = np.log(np.maximum(total, 1.0))
    usual = sold.mean(axis=1)
    recent = {weeks: (sold[:, -weeks:].mean(axis=1) - usual)[market.shelf] for weeks in (2, 6)}
    return {f"shelf_{weeks}": values for weeks, values in recent.items()}


def weeks_since(flag: np.ndarray) -> np.ndarray:
    """Weeks since the flag was last set before each week, at most 26."""
    found, last = np.empty(flag.shape), np.full(len(flag), -_LONGEST - 1)
    for week in range(flag.shape[1]):
        found[:, week] = np.minimum(week - last, _LONGEST)
        last = np.where(flag[:, week], week, last)
    return found


def weeks_running(flag: np.ndarray) -> np.ndarray:
    """Weeks the flag had been set without a break before each week."""
    found, run = np.empty(flag.shape), np.zeros(len(flag))
    for week in range(flag.shape[1]):
        found[:, week] = run
        run = np.where(flag[:, week], run + 1, 0)
    return found


def _of_shelf_small(values: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    total = np.zeros((int(shelf.max()) + 1, values.shape[1]))
    np.add.at(total, shelf, values)
    return total


def _of_shelf(values: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    return _of_shelf_small(values, shelf)[shelf]


def _least_of_shelf(values: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    least = np.full((int(shelf.max()) + 1, values.shape[1]), np.inf)
    np.minimum.at(least, shelf, values)
    return least[shelf]


def _gap_to_cheapest_rival(price: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    """Log price less that of the cheapest other series of the shelf; 0 where a series stands alone."""
    shelves = int(shelf.max()) + 1
    first, second = np.full((shelves, price.shape[1]), np.inf), np.full((shelves, price.shape[1]), np.inf)
    for row, place in enumerate(shelf):
        second[place] = np.minimum(second[place], np.maximum(price[row], first[place]))
        first[place] = np.minimum(first[place], price[row])
    rival = np.where(price <= first[shelf], second[shelf], first[shelf])
    return np.where(np.isfinite(rival), price - np.where(np.isfinite(rival), rival, 0.0), 0.0)


def _lowest_before(price: np.ndarray) -> np.ndarray:
    lowest = price.copy()
    for week in range(1, price.shape[1]):
        lowest[:, week] = price[:, max(0, week - _LOWEST_WEEKS) : week].min(axis=1)
    return lowest
